package weir.flink.behaviour

import java.time.Duration
import org.apache.flink.api.common.functions.OpenContext
import org.apache.flink.api.common.state.{ValueState, ValueStateDescriptor}
import org.apache.flink.api.common.typeinfo.Types
import org.apache.flink.streaming.api.functions.KeyedProcessFunction
import org.apache.flink.util.Collector

/**
 * Lets an event pass once. Keyed by its id.
 *
 * @param duplicates for how long after an event, by the time of the events around it, it may come again: what has stood still
 *   forgets nothing
 */
final class Distinct(duplicates: Duration) extends KeyedProcessFunction[String, Activity, Activity] {
  @transient private var seen: ValueState[java.lang.Boolean] = _

  override def open(context: OpenContext): Unit =
    seen = getRuntimeContext.getState(new ValueStateDescriptor("seen", Types.BOOLEAN))

  override def processElement(
      activity: Activity,
      context: KeyedProcessFunction[String, Activity, Activity]#Context,
      out: Collector[Activity]
  ): Unit =
    if (seen.value == null) {
      seen.update(true)
      val forget = math.max(activity.time, context.timerService.currentWatermark) + duplicates.toMillis
      context.timerService.registerEventTimeTimer(EventTime.upTo(forget, Distinct.Grain))
      out.collect(activity)
    }

  override def onTimer(
      time: Long,
      context: KeyedProcessFunction[String, Activity, Activity]#OnTimerContext,
      out: Collector[Activity]
  ): Unit = seen.clear()
}

object Distinct {

  /** Ids are forgotten in this many milliseconds' batches. */
  private val Grain = 1_000L
}
