package weir.flink.behaviour

import weir.flink.behaviour.rules._

/** The rules of the application, a line each. */
object Rules {
  val files: Seq[RuleFile] = Seq(
    BruteForce,
    DeniedCalls,
    FirstSeenApi,
    FirstSeenCountry,
    FlaggedDataAccess,
    ImpossibleTravel,
    PasswordSpraying,
    WebEnumeration
  )

  /** Those that look at events alone, and those that look at what these found as well. */
  def of(settings: Settings): (Seq[Rule], Seq[Rule]) = {
    val (after, first) = files.partition(_.afterOthers)
    (first.map(_.rule(settings)), after.map(_.rule(settings)))
  }
}
