package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** Many failures, then a success: somebody guessed. */
final class BruteForce(failures: Int, within: Duration) extends Rule(BruteForce.metadata, within) {

  /** By address for one who tries many accounts, by account for many addresses that try one. */
  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.logIn.isEmpty) Nil else Subject.address(activity).toSeq ++ Subject.userOnHost(activity)

  override def judge(activity: Activity, memory: Memory): Option[Match] = {
    val mark = Mark.of(activity)
    if (activity.failedLogIn) {
      memory.remember(activity.id, mark, within, BruteForce.most(failures))
      None
    } else {
      val failed = memory.recent(activity.time, within)
      Option.when(failed.size >= failures) {
        memory.forgetRecent()
        val who = activity.user.getOrElse("an account without a name")
        val where = activity.address.getOrElse("an unknown address")
        Match(
          failed :+ mark,
          s"$who logged in from $where after ${failed.size} failed log-ins in ${within.toSeconds} seconds.",
          expected = Map("failures" -> (failures - 1L)),
          actual = Map("failures" -> failed.size.toLong)
        )
      }
    }
  }
}

object BruteForce extends RuleFile {
  override val metadata: Metadata = Metadata(
    "brute-force",
    "Log-in after many failures",
    80,
    "An address or an account that fails to log in many times and then succeeds. A program with an old password that is mended " +
      "looks the same, and so does an office behind one address where many mistype.",
    Seq("T1110.001", "T1078")
  )

  private val Failures =
    Setting("brute-force.failures", 10, 2, "failed log-ins before a success; sshd writes up to three events for one attempt")
  private val Within = Setting("brute-force.seconds", 300, 1, "in which they are")

  override val settings: Seq[Setting] = Seq(Failures, Within)

  override def rule(values: Settings): Rule = new BruteForce(values(Failures), values.duration(Within))

  /** Failures that are remembered of a subject: more change nothing. */
  private def most(failures: Int): Int = math.max(failures, 50)
}
