package weir.flink.behaviour

import java.time.Duration
import org.apache.flink.api.common.typeinfo.Types
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState
import org.apache.flink.streaming.api.operators.KeyedProcessOperator
import org.apache.flink.streaming.api.watermark.Watermark
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness
import org.apache.flink.util.Collector
import scala.collection.mutable
import scala.jdk.CollectionConverters._
import com.fasterxml.jackson.databind.JsonNode
import weir.flink.streams.{Finding, PropertyGroup}

/** The operators of the application in one thread, with their state: what they make of events and watermarks, one after the other. */
final class Chain(settings: Settings, from: Option[Chain.Saved] = None) extends AutoCloseable {
  private val (first, after) = Rules.of(settings)
  private val reader = new ActivityReader(settings.duration(Settings.Future))
  private val distinct = opened(
    new KeyedOneInputStreamOperatorTestHarness[String, Activity, Activity](
      new KeyedProcessOperator(new Distinct(settings.duration(Settings.Duplicates))),
      (activity: Activity) => s"${activity.tenant}\n${activity.id}",
      Types.STRING
    ),
    from.map(_.distinct)
  )
  private val (judge, judgeAfter) = (judges(first, from.map(_.judge)), judges(after, from.map(_.judgeAfter)))
  private var flags = 0

  val findings: mutable.Buffer[Finding] = mutable.Buffer.empty

  def read(event: JsonNode): Option[Activity] = Option(reader.read(event).orElse(null)).filter(_.deeds.nonEmpty)

  def send(event: JsonNode): Unit = read(event).foreach(send)

  /** What is not the repetition of an event. */
  def pass(activity: Activity): Seq[Activity] = {
    distinct.processElement(activity, activity.time)
    val passed = distinct.extractOutputValues.asScala.toVector
    distinct.getOutput.clear()
    passed
  }

  def send(activity: Activity): Unit = {
    pass(activity).foreach { one =>
      watch(first, one, judge)
      watch(after, one, judgeAfter)
    }
    collect()
  }

  def watermark(time: Long): Unit = {
    distinct.processWatermark(new Watermark(time))
    distinct.getOutput.clear()
    judge.processWatermark(new Watermark(time))
    collect()
    judgeAfter.processWatermark(new Watermark(time))
    collect()
  }

  /** As a source does that expects events `bound` out of order: a watermark after so `many`. */
  def sendAll(events: Seq[JsonNode], bound: Duration, many: Int = 1): Unit = {
    var newest = Long.MinValue
    events.grouped(many).foreach { group =>
      group.flatMap(read).foreach { activity =>
        send(activity)
        newest = math.max(newest, activity.time)
      }
      if (newest > Long.MinValue) watermark(newest - bound.toMillis - 1)
    }
  }

  def entries: Int = Seq(distinct, judge, judgeAfter).map(_.numKeyedStateEntries).sum

  def timers: Int = Seq(distinct, judge, judgeAfter).map(_.numEventTimeTimers).sum

  /** A checkpoint. */
  def saved(): Chain.Saved = Chain.Saved(distinct.snapshot(1, 1), judge.snapshot(1, 1), judgeAfter.snapshot(1, 1))

  override def close(): Unit = Seq(distinct, judge, judgeAfter).foreach(_.close())

  private def judges(rules: Seq[Rule], state: Option[OperatorSubtaskState]) = opened(
    new KeyedOneInputStreamOperatorTestHarness[String, Watched, Finding](
      new KeyedProcessOperator(new Judge(rules)),
      (watched: Watched) => watched.key,
      Types.STRING
    ),
    state
  )

  private def opened[I, O](
      harness: KeyedOneInputStreamOperatorTestHarness[String, I, O],
      state: Option[OperatorSubtaskState]
  ): KeyedOneInputStreamOperatorTestHarness[String, I, O] = {
    harness.setup()
    state.foreach(harness.initializeState)
    harness.open()
    harness
  }

  private def watch(
      rules: Seq[Rule],
      activity: Activity,
      into: KeyedOneInputStreamOperatorTestHarness[String, Watched, Finding]
  ): Unit =
    new Watch(rules).flatMap(
      activity,
      new Collector[Watched] {
        override def collect(watched: Watched): Unit = into.processElement(watched, watched.activity.time)
        override def close(): Unit = ()
      }
    )

  private def collect(): Unit = {
    val raised = Option(judge.getSideOutput(Judge.Flags)).toSeq.flatMap(_.asScala).map(_.getValue)
    raised.drop(flags).foreach(watch(after, _, judgeAfter))
    flags = raised.size
    Seq(judge, judgeAfter).foreach { operator =>
      findings ++= operator.extractOutputValues.asScala
      operator.getOutput.clear()
    }
  }
}

object Chain {
  final case class Saved(distinct: OperatorSubtaskState, judge: OperatorSubtaskState, judgeAfter: OperatorSubtaskState) {
    def bytes: Long = Seq(distinct, judge, judgeAfter).map(_.getStateSize).sum
  }

  val Bound: Duration = Duration.ofSeconds(2)

  def settings(values: (String, Int)*): Settings =
    Settings.of(new PropertyGroup("application", values.map { case (key, value) => key -> value.toString }.toMap.asJava))

  /** All findings of events that come in this order, and nothing after them. */
  def findings(events: Seq[JsonNode], values: (String, Int)*): Seq[Finding] = {
    val chain = new Chain(settings(values: _*))
    try {
      chain.sendAll(events, Bound)
      chain.watermark(Long.MaxValue)
      chain.findings.toVector
    } finally chain.close()
  }
}
