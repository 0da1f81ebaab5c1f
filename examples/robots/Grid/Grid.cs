using cAlgo.API;

namespace cAlgo.Robots;

[Robot(AccessRights = AccessRights.None)]
public partial class Grid : Robot
{
    [Parameter("Side", DefaultValue = TradeType.Buy)]
    public TradeType Side { get; set; }

    [Parameter("Step (pips)", Group = "Grid", DefaultValue = 15, MinValue = 1, MaxValue = 200)]
    public double StepPips { get; set; }

    [Parameter("Positions at most", Group = "Grid", DefaultValue = 6, MinValue = 1, MaxValue = 50)]
    public int MaxPositions { get; set; }

    [Parameter("Profit to close at", Group = "Money", DefaultValue = 20, MinValue = 1)]
    public double TargetProfit { get; set; }

    [Parameter("Loss to close at", Group = "Money", DefaultValue = 150, MinValue = 1)]
    public double MaxLoss { get; set; }

    [Parameter("Volume (lots)", Group = "Money", DefaultValue = 0.1, MinValue = 0.01, Step = 0.01)]
    public double Lots { get; set; }

    [Parameter("Label", DefaultValue = "grid")]
    public string Label { get; set; }
}
