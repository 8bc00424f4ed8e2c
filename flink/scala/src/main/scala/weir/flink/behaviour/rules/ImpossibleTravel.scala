package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** One user at two places that nobody travels between so fast. */
final class ImpossibleTravel(kilometresPerHour: Int, floor: Int)
    extends Rule(ImpossibleTravel.metadata, ImpossibleTravel.longestTrip(kilometresPerHour)) {

  /** A country is no place: its border may be a walk away, or its other end a day. Without coordinates the rule is quiet. */
  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.successfulLogIn && activity.place.isDefined) Subject.user(activity).toSeq else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] = {
    val here = Mark.of(activity, activity.address.mkString)
    val last = memory.get(ImpossibleTravel.Last)
    if (!last.exists(_.time > here.time)) memory.put(ImpossibleTravel.Last, here)
    for {
      there <- last
      from <- there.place
      to <- here.place
      kilometres = Earth.kilometres(from, to)
      hours = math.abs(here.time - there.time) / 3_600_000.0
      if kilometres >= floor && kilometres > hours * kilometresPerHour
      trip = Duration.ofSeconds((kilometres / kilometresPerHour * 3_600).toLong)
      if !memory.quiet(here.time, trip)
    } yield {
      memory.found(here)
      val minutes = math.abs(here.time - there.time) / 60_000
      Match(
        Seq(there, here).sortBy(_.time),
        s"${activity.user.mkString} logged in at two places ${kilometres.toLong} km apart within $minutes minutes.",
        expected = Map("minutes" -> trip.toMinutes),
        actual = Map("minutes" -> minutes, "kilometres" -> kilometres.toLong),
        attribution = Seq("from" -> there.text, "to" -> here.text).filter(_._2.nonEmpty).toMap
      )
    }
  }
}

object ImpossibleTravel extends RuleFile {
  override val metadata: Metadata = Metadata(
    "impossible-travel",
    "Log-ins at places too far apart",
    70,
    "A user who logs in at two places faster than anybody travels between them: one of the two is somebody else. A VPN whose exit " +
      "is far away looks the same, and so does an account that several people share.",
    Seq("T1078")
  )

  private val Speed = Setting("impossible-travel.kilometres-per-hour", 1_000, 1, "the speed nobody travels at")
  private val Floor =
    Setting("impossible-travel.kilometres", 300, 0, "below this distance places of addresses are too uncertain to compare")
  private val Last = "last"

  override val settings: Seq[Setting] = Seq(Speed, Floor)

  override def rule(values: Settings): Rule = new ImpossibleTravel(values(Speed), values(Floor))

  /** From one side of the earth to the other: what is older proves nothing. */
  private def longestTrip(kilometresPerHour: Int): Duration =
    Duration.ofSeconds((Earth.HalfCircumference / kilometresPerHour * 3_600).toLong)
}
