package weir.flink.behaviour

import org.apache.flink.api.common.typeinfo.TypeInfo

/** Where something is, in degrees. */
final case class Place(latitude: Double, longitude: Double)

/** What an event says that somebody did. One event may say several: a call of S3's API is a data access too. */
sealed trait Deed

object Deed {
  final case class LogIn(succeeded: Boolean) extends Deed

  /** @param api the service and the call, "s3.amazonaws.com:GetObject" */
  final case class Call(api: String, denied: Boolean) extends Deed

  /** A web request for what is not there (404) or not allowed (403). */
  final case class Refusal(path: String) extends Deed

  /** @param data what was read or changed, as far as the event names it: a bucket, a service, a dataset */
  final case class DataAccess(data: String) extends Deed

  /** Somebody warns of the address: a rule, another service's finding, a list of indicators. */
  final case class Flag(reason: String) extends Deed
}

/**
 * What the rules see of an event.
 *
 * @param id `event.id`; of a flag raised here, the finding's
 * @param time when it happened, for windows: epoch milliseconds
 * @param ingested `event.ingested`, epoch milliseconds
 * @param user the account that was used, as it is called on `realm`
 * @param realm whose user names these are: a domain, a cloud account, or the dataset
 * @param principal the ARN of the role or user that called an API; where the API knows none, the user
 * @param address in the one form of its kind, so that it can be compared
 * @param deeds none where the event only says how late it is
 */
@TypeInfo(classOf[ActivityType])
final case class Activity(
    id: String,
    tenant: String,
    dataset: String,
    time: Long,
    ingested: Long,
    realm: String,
    deeds: List[Deed],
    user: Option[String] = None,
    principal: Option[String] = None,
    account: Option[String] = None,
    host: Option[String] = None,
    address: Option[String] = None,
    country: Option[String] = None,
    place: Option[Place] = None
) {
  def logIn: Option[Deed.LogIn] = deeds.collectFirst { case deed: Deed.LogIn => deed }

  def call: Option[Deed.Call] = deeds.collectFirst { case deed: Deed.Call => deed }

  def refusal: Option[Deed.Refusal] = deeds.collectFirst { case deed: Deed.Refusal => deed }

  def dataAccess: Option[Deed.DataAccess] = deeds.collectFirst { case deed: Deed.DataAccess => deed }

  def flag: Option[Deed.Flag] = deeds.collectFirst { case deed: Deed.Flag => deed }

  def failedLogIn: Boolean = logIn.exists(!_.succeeded)

  def successfulLogIn: Boolean = logIn.exists(_.succeeded)
}

object Activity {

  /**
   * The order of events in time. Many logs know seconds only: of one time, flags come first, then what failed, so that the
   * order in which events arrive decides nothing.
   */
  implicit val byTime: Ordering[Activity] = Ordering.by(activity => (activity.time, rank(activity), activity.id))

  private def rank(activity: Activity): Int =
    if (activity.flag.isDefined) 0 else if (activity.failedLogIn || activity.refusal.isDefined) 1 else 2
}
