using cAlgo.API;
namespace cAlgo.Robots;
[Robot(AccessRights = AccessRights.None)]
public partial class TimedGrid : Robot
{
    [Parameter("Volume (Lots)", DefaultValue = 0.01, MinValue = 0.01, Step = 0.01)] public double VolumeInLots { get; set; }
    [Parameter("Label", DefaultValue = "Grid Sample")] public string Label { get; set; }
    [Parameter("Step (pips)", DefaultValue = 10, MinValue = 1)] public int StepPips { get; set; }
    [Parameter("Levels", DefaultValue = 5, MinValue = 1, MaxValue = 20)] public int Levels { get; set; }
    [Parameter("Target profit", DefaultValue = 10.0)] public double Target { get; set; }
    [Parameter("Stop loss of the account, %", DefaultValue = 20.0)] public double MaxLoss { get; set; }
}
