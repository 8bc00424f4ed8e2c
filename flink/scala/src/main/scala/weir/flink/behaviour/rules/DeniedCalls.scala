package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** Somebody tries which calls of an API are allowed. */
final class DeniedCalls(calls: Int, within: Duration) extends Rule(DeniedCalls.metadata, within) {

  /** By principal where a service called on its behalf, and there is no address. */
  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.call.exists(_.denied)) Subject.address(activity).orElse(Subject.principal(activity)).toSeq else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] =
    activity.call.flatMap { call =>
      Many.of("calls", call.api, activity, memory, calls, within) { (denied, where) =>
        s"$where was denied $denied different calls of APIs in ${within.toSeconds} seconds."
      }
    }
}

object DeniedCalls extends RuleFile {
  override val metadata: Metadata = Metadata(
    "denied-calls",
    "Many different calls denied",
    60,
    "An address that is denied many different calls: stolen credentials whose permissions are explored. One call that is denied " +
      "over and over, as of a program without its permission, is not meant; a new deployment that lacks a whole policy looks the same.",
    Seq("T1580", "T1526")
  )

  private val Calls = Setting("denied-calls.calls", 8, 2, "different calls one address is denied")
  private val Within = Setting("denied-calls.seconds", 600, 1, "in which it is; as long is no second finding of it")

  override val settings: Seq[Setting] = Seq(Calls, Within)

  override def rule(values: Settings): Rule = new DeniedCalls(values(Calls), values.duration(Within))
}
