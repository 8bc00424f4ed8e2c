package weir.flink.behaviour

import com.fasterxml.jackson.databind.JsonNode
import java.time.Duration
import java.util.Optional
import org.apache.flink.api.common.typeinfo.TypeInformation
import weir.flink.streams.{BadEvent, EventReader, Times}

/**
 * Takes of events what they say of a user's or an address's behaviour. Of one that says nothing there is an activity without deeds,
 * which moves the watermark: or a log-in would wait for the next event that a rule looks at.
 *
 * @param future by how much an event may say that it happened after it arrived; where it says more its clock is wrong, and when it
 *   arrived is its time: one such event would make all others late
 */
final class ActivityReader(future: Duration) extends EventReader[Activity] {

  @throws[BadEvent]
  override def read(event: JsonNode): Optional[Activity] = {
    val ecs = new Ecs(event)
    Deeds.of(ecs) match {
      case Nil => moment(ecs)
      case deeds => Optional.of(activity(ecs, deeds))
    }
  }

  /** What no rule looks at is not read closely: where it has no time it tells nothing. */
  private def moment(ecs: Ecs): Optional[Activity] =
    try {
      val (time, ingested) = times(ecs)
      Optional.of(Activity("", "", "", time, ingested, "", Nil))
    } catch { case _: BadEvent => Optional.empty() }

  /** For windows, and of arrival. */
  @throws[BadEvent]
  private def times(ecs: Ecs): (Long, Long) = {
    val happened = Times.milliseconds("@timestamp", ecs.required("@timestamp"))
    val ingested = Times.milliseconds("event.ingested", ecs.required("event.ingested"))
    (if (happened > ingested + future.toMillis) ingested else happened, ingested)
  }

  private def activity(ecs: Ecs, deeds: List[Deed]): Activity = {
    val (time, ingested) = times(ecs)
    val dataset = ecs.required("event.dataset")
    val account = ecs.word("cloud.account.id")
    // Who logs in is the target of a log-in of Windows, and of one through a proxy.
    val user = if (deeds.exists(_.isInstanceOf[Deed.LogIn])) ecs.word("user.target.name").orElse(ecs.word("user.name"))
    else ecs.word("user.name")
    val realm = ecs.word("user.domain").orElse(account).getOrElse(dataset)
    Activity(
      id = ecs.required("event.id"),
      tenant = ecs.required("tenant"),
      dataset = dataset,
      time = time,
      ingested = ingested,
      realm = realm,
      deeds = deeds,
      user = user,
      principal = principal(ecs, deeds, dataset, user.map(name => s"$name@$realm")),
      account = account,
      host = ecs.word("host.name"),
      address = ecs.address("source.ip"),
      country = ecs.word("source.geo.country_iso_code"),
      place = ecs.place("source.geo.location")
    )
  }

  /** Of an assumed role the role: its sessions have names of their own. A service of AWS that calls has none. */
  private def principal(ecs: Ecs, deeds: List[Deed], dataset: String, user: Option[String]): Option[String] =
    if (!deeds.exists(_.isInstanceOf[Deed.Call])) None
    else if (dataset != "aws.cloudtrail") user
    else {
      ecs.word("aws.cloudtrail.user_identity.session_context.session_issuer.arn").orElse(ecs.word("aws.cloudtrail.user_identity.arn"))
    }

  override def timestamp(read: Activity): Long = read.time

  override def `type`(): TypeInformation[Activity] = Serializers.activities
}
