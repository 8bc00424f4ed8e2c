package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** A role or user that calls what it never called. */
final class FirstSeenApi(learning: Duration, keeping: Duration, quiet: Duration) extends Rule(FirstSeenApi.metadata, keeping) {
  private val firstSeen = new FirstSeen(learning, keeping, FirstSeenApi.Most)

  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.call.isDefined) Subject.principal(activity).toSeq else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] =
    activity.call.map(_.api).filter(firstSeen(_, activity, memory)).filterNot(_ => memory.quiet(activity.time, quiet)).map { api =>
      val mark = Mark.of(activity)
      memory.found(mark)
      Match(
        Seq(mark),
        s"${activity.principal.mkString} calls $api for the first time.",
        attribution = Map("api" -> api)
      )
    }
}

object FirstSeenApi extends RuleFile {
  override val metadata: Metadata = Metadata(
    "first-seen-api",
    "First call of an API by a principal",
    30,
    "A role or user that calls an API it did not call since it is known: its credentials may be in other hands. A new version of a " +
      "program looks the same, and so does a person who works.",
    Seq("T1078.004", "T1526")
  )

  private val Learning = Setting("first-seen-api.learning.seconds", 604_800, 1, "of a principal that is new, nothing is told")
  private val Keeping = Setting("first-seen-api.keeping.seconds", 2_592_000, 1, "for how long a call is known after its last use")
  private val Quiet = Setting("first-seen-api.quiet.seconds", 3_600, 0, "for how long no second finding of a principal is made")

  /** Calls of one principal. */
  private val Most = 500

  override val settings: Seq[Setting] = Seq(Learning, Keeping, Quiet)

  override def rule(values: Settings): Rule =
    new FirstSeenApi(values.duration(Learning), values.duration(Keeping), values.duration(Quiet))
}
