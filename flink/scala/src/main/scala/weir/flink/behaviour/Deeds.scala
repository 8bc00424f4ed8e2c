package weir.flink.behaviour

import weir.flink.streams.BadEvent

/** Says of an event what was done, from what its type's parser writes (docs/log-types.md). */
private[behaviour] object Deeds {
  private val CloudTrail = "aws.cloudtrail"
  private val SecurityTokens = "sts.amazonaws.com"
  private val Refused = Set(403, 404)

  /** A user who logged in already takes other rights: no log-in, and its target is the same `root` everywhere. */
  private val ChangesOfUser = Set("sudo", "su")

  /** @return none where no rule looks at such events */
  @throws[BadEvent]
  def of(event: Ecs): List[Deed] = {
    val seen = new Seen(event)
    if (seen.kind.contains("alert")) flag(seen).toList
    else List(logIn(seen), call(seen), refusal(seen), dataAccess(seen), indicated(seen)).flatten
  }

  private final class Seen(val event: Ecs) {
    val kind: Option[String] = event.word("event.kind")
    val dataset: String = event.required("event.dataset")
    val categories: Set[String] = event.words("event.category")
    val types: Set[String] = event.words("event.type")
    val action: Option[String] = event.word("event.action")
    val provider: Option[String] = event.word("event.provider")
    val outcome: Option[String] = event.word("event.outcome")
    lazy val cloudTrailCategory: Option[String] = event.word("aws.cloudtrail.event_category")
    lazy val hasAddress: Boolean = event.word("source.ip").isDefined
  }

  /** A connection to Client VPN is one; a role that is assumed is a call, made by programs from everywhere. */
  private def logIn(seen: Seen): Option[Deed] = {
    val asked = seen.categories("authentication") && !seen.types("end") && !seen.provider.contains(SecurityTokens) &&
      !seen.action.exists(ChangesOfUser)
    val connected = seen.dataset == "aws.client_vpn" && seen.action.contains("connection-attempt")
    if (asked || connected) seen.outcome.collect {
      case "success" => Deed.LogIn(succeeded = true)
      case "failure" => Deed.LogIn(succeeded = false)
    }
    else None
  }

  private def call(seen: Seen): Option[Deed] = {
    val ofCloudTrail = seen.dataset == CloudTrail && !seen.cloudTrailCategory.contains("Insight") &&
      (!seen.categories("authentication") || seen.provider.contains(SecurityTokens))
    val ofOther = seen.dataset != CloudTrail && seen.categories("api") && !seen.categories("web")
    if (ofCloudTrail || ofOther) {
      seen.action.map(action => Deed.Call(s"${seen.provider.getOrElse(seen.dataset)}:$action", seen.types("denied")))
    } else None
  }

  private def refusal(seen: Seen): Option[Deed] =
    if (seen.categories("web") && seen.event.whole("http.response.status_code").exists(Refused)) {
      seen.event.word("url.path").orElse(seen.event.word("url.original")).map(Deed.Refusal(_))
    } else None

  private def dataAccess(seen: Seen): Option[Deed] = {
    val data =
      if (!seen.hasAddress || seen.outcome.contains("failure") || seen.categories("authentication") || seen.categories("session")) None
      else if (seen.dataset == "aws.s3access") Some(seen.event.word("aws.s3access.bucket").getOrElse(seen.dataset))
      else if (seen.dataset == CloudTrail) seen.provider.filter(_ => seen.cloudTrailCategory.contains("Data"))
      else Option.when(seen.categories("database") || seen.categories("file"))(seen.dataset)
    data.map(Deed.DataAccess(_))
  }

  /** What another service found, where it names the address it is about. */
  private def flag(seen: Seen): Option[Deed] =
    Option.when(seen.hasAddress && seen.categories("intrusion_detection")) {
      Deed.Flag(seen.event.word("rule.name").getOrElse(seen.dataset))
    }

  /** `normalise` names the indicators among the event's values; only the address that acts is flagged by one. */
  private def indicated(seen: Seen): Option[Deed] =
    if (seen.hasAddress && seen.event.word("source.ip").exists(seen.event.words("threat.indicator.name"))) {
      Some(Deed.Flag(seen.event.words("threat.feed.name").toSeq.sorted.headOption.getOrElse("an indicator")))
    } else None
}
