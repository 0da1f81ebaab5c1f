using cAlgo.API;
namespace cAlgo.Robots;
[Robot(AccessRights = AccessRights.None, AddIndicators = true, TimeZone = TimeZones.UTC)]
public partial class BandReversion : Robot
{
    [Parameter("Source")] public DataSeries Source { get; set; }
    [Parameter("Periods", DefaultValue = 20, MinValue = 2)] public int Periods { get; set; }
    [Parameter("Deviations", DefaultValue = 2.0, MinValue = 0.5, Step = 0.1)] public double Deviations { get; set; }
    [Parameter("MA Type", DefaultValue = MovingAverageType.Simple)] public MovingAverageType MaType { get; set; }
    [Parameter("Trend timeframe", DefaultValue = "Hour4")] public TimeFrame Trend { get; set; }
    [Parameter("Risk %", DefaultValue = 1.0)] public double Risk { get; set; }
    [Parameter("Stop Loss (pips)", DefaultValue = 25)] public double Stop_ { get; set; }
    [Parameter("Side", DefaultValue = TradeSide.Both)] public TradeSide Side { get; set; }
    [Parameter("Max spread (pips)", DefaultValue = 2.0)] public double MaxSpread { get; set; }
    public enum TradeSide { Both, Long, Short }
}
