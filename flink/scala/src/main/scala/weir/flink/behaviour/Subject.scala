package weir.flink.behaviour

/**
 * Whose behaviour a rule watches.
 *
 * @param kind "address", "user" or "principal"
 */
final case class Subject(kind: String, name: String) {
  override def toString: String = s"$kind:$name"
}

object Subject {
  def address(activity: Activity): Option[Subject] = activity.address.map(Subject("address", _))

  /** A person or account wherever it logs in: shared names, such as those of a machine image, are one subject to each realm. */
  def user(activity: Activity): Option[Subject] = activity.user.map(name => Subject("user", s"$name@${activity.realm}"))

  /** An account on one machine, where the event names the machine: `root` of one host is not `root` of another. */
  def userOnHost(activity: Activity): Option[Subject] =
    activity.user.map(name => Subject("user", s"$name@${activity.host.getOrElse(activity.realm)}"))

  def principal(activity: Activity): Option[Subject] = activity.principal.map(Subject("principal", _))
}
