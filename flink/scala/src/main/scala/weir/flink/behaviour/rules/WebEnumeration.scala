package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** One address that asks for many things that are not there, or not for it. */
final class WebEnumeration(paths: Int, within: Duration) extends Rule(WebEnumeration.metadata, within) {
  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.refusal.isDefined) Subject.address(activity).toSeq else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] =
    activity.refusal.flatMap { refusal =>
      Many.of("paths", refusal.path, activity, memory, paths, within) { (asked, where) =>
        s"$where was refused $asked paths in ${within.toSeconds} seconds."
      }
    }
}

object WebEnumeration extends RuleFile {
  override val metadata: Metadata = Metadata(
    "web-enumeration",
    "One address is refused many paths",
    40,
    "An address that gets 403 or 404 for many different paths: a scanner that looks for what is there. A crawler looks the same " +
      "after a site has moved.",
    Seq("T1595.003", "T1083")
  )

  private val Paths = Setting("web-enumeration.paths", 30, 2, "paths for which one address gets 403 or 404")
  private val Within = Setting("web-enumeration.seconds", 60, 1, "in which it does; as long is no second finding of it")

  override val settings: Seq[Setting] = Seq(Paths, Within)

  override def rule(values: Settings): Rule = new WebEnumeration(values(Paths), values.duration(Within))
}
