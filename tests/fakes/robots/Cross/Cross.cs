using cAlgo.API;

namespace cAlgo.Robots;

[Robot(AccessRights = AccessRights.None)]
public partial class Cross : Robot
{
    [Parameter("Source", Group = "Averages")]
    public DataSeries Source { get; set; }

    [Parameter("Fast, in bars", Group = "Averages", DefaultValue = 9, MinValue = 1, MaxValue = 200, Step = 2)]
    public int Fast { get; set; }

    [Parameter("Slow (bars)", Group = "Averages", DefaultValue = 20, MinValue = 2)]
    public int Slow { get; set; }

    [Parameter("Type", DefaultValue = MovingAverageType.Simple)]
    public MovingAverageType Kind { get; set; }

    // [Parameter("Not there", DefaultValue = 1)] public int Hidden { get; set; }
    [Parameter("Volume (Lots)", DefaultValue = 0.01, MinValue = 0.01, Step = 0.01)]
    public double Lots { get; set; }

    [Parameter("Stop", DefaultValue = 10)]
    public double StopPips { get; set; }

    [Parameter("Target", DefaultValue = 10)]
    public double TargetPips { get; set; }

    [Parameter("Label", DefaultValue = "Cross // of \"two\"")]
    public string Label { get; set; }
}
