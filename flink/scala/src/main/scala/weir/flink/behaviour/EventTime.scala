package weir.flink.behaviour

import org.apache.flink.streaming.api.TimerService

private[behaviour] object EventTime {

  /** The time of an event, or of those around it where it is late: what came late is remembered for as long as the rest. */
  def now(timers: TimerService, time: Long): Long = {
    val watermark = timers.currentWatermark
    if (watermark == Long.MaxValue) time else math.max(time, watermark)
  }

  /** The next whole `grain`, so that times that are near share a timer. */
  def upTo(time: Long, grain: Long): Long = Math.floorDiv(time + grain - 1, grain) * grain
}
