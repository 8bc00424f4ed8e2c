package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** What three rules ask: are there so many different ones in a time? */
private[rules] object Many {

  /**
   * @param what are counted, in the plural
   * @param name of this one
   * @param least as many make a finding, and then none is made for as long as `within`
   * @param message of how many, and who
   */
  def of(what: String, name: String, activity: Activity, memory: Memory, least: Int, within: Duration)(
      message: (Int, String) => String
  ): Option[Match] =
    if (memory.quiet(activity.time, within)) None
    else {
      val marks = memory.remember(name, Mark.of(activity), within, least)
      Option.when(marks.size >= least) {
        memory.forgetRecent()
        memory.found(Mark.of(activity))
        val who = activity.address.orElse(activity.principal).getOrElse("somebody")
        Match(
          marks,
          message(marks.size, who),
          expected = Map(what -> (least - 1L)),
          actual = Map(what -> marks.size.toLong)
        )
      }
    }
}
