package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** Data that is read or changed from an address of which somebody warns. */
final class FlaggedDataAccess(within: Duration) extends Rule(FlaggedDataAccess.metadata, within) {
  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.flag.isDefined || activity.dataAccess.isDefined) Subject.address(activity).toSeq else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] = {
    activity.flag.foreach { flag =>
      if (!memory.get(FlaggedDataAccess.Flag).exists(_.time > activity.time)) {
        memory.put(FlaggedDataAccess.Flag, Mark.of(activity, flag.reason))
      }
    }
    for {
      access <- activity.dataAccess
      flag <- memory.get(FlaggedDataAccess.Flag)
      if flag.time <= activity.time && flag.time > activity.time - within.toMillis
      if !memory.quiet(activity.time, within)
    } yield {
      val mark = Mark.of(activity)
      memory.found(mark)
      Match(
        Seq(flag, mark).distinctBy(_.event),
        s"${activity.address.mkString}, flagged by ${flag.text}, used data of ${access.data}.",
        attribution = Map("flagged_by" -> flag.text, "data" -> access.data)
      )
    }
  }
}

object FlaggedDataAccess extends RuleFile {
  override val metadata: Metadata = Metadata(
    "flagged-data-access",
    "Data used from a flagged address",
    90,
    "Data of a bucket, a database or a file share that is read or changed from an address that another rule, GuardDuty or a list of " +
      "indicators warns of. A scanner of one's own looks the same.",
    Seq("T1530", "T1213")
  )

  private val Within = Setting("flagged-data-access.seconds", 3_600, 1, "for how long an address is flagged")
  private val Flag = "flag"

  override val settings: Seq[Setting] = Seq(Within)

  override def rule(values: Settings): Rule = new FlaggedDataAccess(values.duration(Within))

  override def afterOthers: Boolean = true
}
