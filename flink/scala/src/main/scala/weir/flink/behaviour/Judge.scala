package weir.flink.behaviour

import org.apache.flink.api.common.functions.OpenContext
import org.apache.flink.api.common.state.{MapState, MapStateDescriptor, ValueState, ValueStateDescriptor}
import org.apache.flink.api.common.typeinfo.Types
import org.apache.flink.metrics.Counter
import org.apache.flink.streaming.api.TimerService
import org.apache.flink.streaming.api.functions.KeyedProcessFunction
import org.apache.flink.util.{Collector, OutputTag}
import scala.jdk.CollectionConverters._
import weir.flink.streams.Finding

/**
 * Judges the activities of a subject by a rule, in the order in which they happened: they wait for the watermark. One that comes
 * after its watermark, as from a log that is delivered in files, is judged when it comes, against what is remembered.
 *
 * <p>Keyed by rule, tenant and subject. The findings are the output; those that make an address suspicious are flags, too.
 */
final class Judge(rules: Seq[Rule]) extends KeyedProcessFunction[String, Watched, Finding] {
  private type Here = KeyedProcessFunction[String, Watched, Finding]

  private val byId: Map[String, Rule] = rules.map(rule => rule.metadata.id -> rule).toMap

  /** Activities before their time, each under its id, and the earliest time of them. */
  @transient private var waiting: MapState[String, Activity] = _
  @transient private var earliest: ValueState[java.lang.Long] = _

  /** What the rule remembers, and until when. */
  @transient private var marks: MapState[String, Mark] = _
  @transient private var until: ValueState[java.lang.Long] = _
  @transient private var late: Counter = _

  override def open(context: OpenContext): Unit = {
    val state = getRuntimeContext
    waiting = state.getMapState(new MapStateDescriptor("waiting", Types.STRING, Serializers.activities))
    earliest = state.getState(new ValueStateDescriptor("earliest", Types.LONG))
    marks = state.getMapState(new MapStateDescriptor("marks", Types.STRING, Serializers.marks))
    until = state.getState(new ValueStateDescriptor("until", Types.LONG))
    late = state.getMetricGroup.counter("lateActivities")
  }

  override def processElement(watched: Watched, context: Here#Context, out: Collector[Finding]): Unit = {
    val activity = watched.activity
    val watermark = context.timerService.currentWatermark
    if (activity.time > watermark) {
      waiting.put(activity.id, activity)
      if (earliest.value == null || activity.time < earliest.value) wake(activity.time, context.timerService)
    } else {
      late.inc()
      byId.get(Watched.rule(watched.key)).foreach(judge(_, activity, watermark, context, out))
    }
  }

  override def onTimer(time: Long, context: Here#OnTimerContext, out: Collector[Finding]): Unit = {
    val watermark = context.timerService.currentWatermark
    // A rule that the application has no more leaves memory behind.
    byId.get(Watched.rule(context.getCurrentKey)) match {
      case None => forgetAll()
      case Some(rule) =>
        if (earliest.value != null && earliest.value <= watermark) release(rule, watermark, context, out)
        if (until.value != null && until.value <= watermark) forgetMarks()
    }
  }

  /** Looks through what waits once for a watermark: the timers of the other activities that it passed find nothing to do. */
  private def release(rule: Rule, watermark: Long, context: Here#Context, out: Collector[Finding]): Unit = {
    val (due, early) = waiting.values.asScala.toVector.partition(_.time <= watermark)
    due.sorted.foreach { activity =>
      waiting.remove(activity.id)
      judge(rule, activity, activity.time, context, out)
    }
    if (early.isEmpty) earliest.clear() else wake(early.map(_.time).min, context.timerService)
  }

  private def wake(time: Long, timers: TimerService): Unit = {
    earliest.update(time)
    timers.registerEventTimeTimer(time)
  }

  /** @param now from when the activity is remembered: what came late is for as long as what is judged at the same time */
  private def judge(rule: Rule, activity: Activity, now: Long, context: Here#Context, out: Collector[Finding]): Unit = {
    rule.judge(activity, new StateMemory(marks)).foreach { found =>
      val finding = FindingDocument.of(rule.metadata, Watched.subject(context.getCurrentKey), activity, found)
      out.collect(finding)
      if (activity.address.isDefined && rule.metadata.severity >= Judge.Suspicious) {
        context.output(Judge.Flags, Judge.flag(rule.metadata, activity, finding))
      }
    }
    if (!marks.isEmpty) remember(now + rule.remembers.toMillis, rule, context.timerService)
  }

  private def remember(atLeast: Long, rule: Rule, timers: TimerService): Unit = {
    val forget = EventTime.upTo(atLeast, math.max(rule.remembers.toMillis / Judge.TimersOfSubject, 1_000))
    if (until.value == null || until.value < forget) {
      until.update(forget)
      timers.registerEventTimeTimer(forget)
    }
  }

  private def forgetMarks(): Unit = {
    marks.clear()
    until.clear()
  }

  private def forgetAll(): Unit = {
    forgetMarks()
    waiting.clear()
    earliest.clear()
  }
}

object Judge {

  /** Addresses that a finding names, as activities of their own. */
  val Flags: OutputTag[Activity] = new OutputTag[Activity]("flags", Serializers.activities)

  /** From this severity on a finding flags its address: what is new of somebody is no reason to suspect where he is. */
  private val Suspicious = 40

  /** A subject that goes on and on moves the end of its memory: by this part of it at a time. */
  private val TimersOfSubject = 8

  private def flag(metadata: Metadata, activity: Activity, finding: Finding): Activity =
    activity.copy(id = finding.id, dataset = FindingDocument.Dataset, deeds = List(Deed.Flag(metadata.name)))
}

/** The memory of the current key. */
private[behaviour] final class StateMemory(marks: MapState[String, Mark]) extends Memory {
  override def get(name: String): Option[Mark] = Option(marks.get(name))

  override def put(name: String, mark: Mark): Unit = marks.put(name, mark)

  override def remove(name: String): Unit = marks.remove(name)

  override def beginning(prefix: String): Seq[(String, Mark)] =
    marks.entries.asScala.iterator.filter(_.getKey.startsWith(prefix)).map(entry => entry.getKey -> entry.getValue).toVector
}
