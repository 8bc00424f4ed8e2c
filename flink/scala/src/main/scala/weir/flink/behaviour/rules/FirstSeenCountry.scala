package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** A user or role that is used from a country it never was used from. */
final class FirstSeenCountry(learning: Duration, keeping: Duration) extends Rule(FirstSeenCountry.metadata, keeping) {
  private val firstSeen = new FirstSeen(learning, keeping, FirstSeenCountry.Most)

  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.country.isEmpty) Nil
    else if (activity.successfulLogIn) Subject.user(activity).toSeq
    else if (activity.call.exists(!_.denied)) Subject.principal(activity).toSeq
    else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] =
    activity.country.filter(firstSeen(_, activity, memory)).map { country =>
      val who = if (activity.successfulLogIn) activity.user else activity.principal
      Match(
        Seq(Mark.of(activity)),
        s"${who.mkString} is used from $country for the first time.",
        attribution = Map("country" -> country)
      )
    }
}

object FirstSeenCountry extends RuleFile {
  override val metadata: Metadata = Metadata(
    "first-seen-country",
    "First use from a country",
    50,
    "A user who logs in, or a role that calls an API, from a country it was not used from since it is known. Somebody on a journey " +
      "looks the same.",
    Seq("T1078")
  )

  private val Learning = Setting("first-seen-country.learning.seconds", 604_800, 1, "of a user or role that is new, nothing is told")
  private val Keeping =
    Setting("first-seen-country.keeping.seconds", 2_592_000, 1, "for how long a country is known after its last use")

  /** Countries of one user. */
  private val Most = 50

  override val settings: Seq[Setting] = Seq(Learning, Keeping)

  override def rule(values: Settings): Rule = new FirstSeenCountry(values.duration(Learning), values.duration(Keeping))
}
