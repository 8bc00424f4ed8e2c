package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/** One address that fails with many user names. */
final class PasswordSpraying(users: Int, within: Duration) extends Rule(PasswordSpraying.metadata, within) {
  override def subjects(activity: Activity): Seq[Subject] =
    if (activity.failedLogIn && activity.user.isDefined) Subject.address(activity).toSeq else Nil

  override def judge(activity: Activity, memory: Memory): Option[Match] =
    Many.of("users", activity.user.mkString, activity, memory, users, within) { (names, where) =>
      s"$where failed to log in as $names users in ${within.toSeconds} seconds."
    }
}

object PasswordSpraying extends RuleFile {
  override val metadata: Metadata = Metadata(
    "password-spraying",
    "One address fails as many users",
    60,
    "An address that tries a few passwords on many accounts, or asks which accounts there are. A proxy of a large office whose " +
      "directory is down looks the same.",
    Seq("T1110.003", "T1087")
  )

  private val Users = Setting("password-spraying.users", 10, 2, "user names one address fails with")
  private val Within = Setting("password-spraying.seconds", 300, 1, "in which it does; as long is no second finding of it")

  override val settings: Seq[Setting] = Seq(Users, Within)

  override def rule(values: Settings): Rule = new PasswordSpraying(values(Users), values.duration(Within))
}
