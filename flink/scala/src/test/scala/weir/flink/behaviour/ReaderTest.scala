package weir.flink.behaviour

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.ObjectNode
import java.nio.file.{Files, Path}
import java.time.Duration
import org.assertj.core.api.Assertions.{assertThat, assertThatThrownBy}
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import scala.jdk.CollectionConverters._
import weir.flink.streams.{BadEvent, Times}

/** What the reader takes of events: those of the log types' own samples, and those that are wrong. */
final class ReaderTest {
  import ReaderTest._

  @ParameterizedTest
  @CsvSource(
    delimiter = '|',
    nullValues = Array("-"),
    value = Array(
      "linux_auth | linux.auth | login with a key | LogIn(true) | ubuntu | 203.0.113.41",
      "linux_auth | linux.auth | failed password of a user who does not exist, from IPv6, in RFC 5424 | LogIn(false) | oracle | 2001:db8:0:0:0:0:0:1",
      "linux_auth | linux.auth | sudo refused | - | - | -",
      "linux_auth | linux.auth | disconnect with code and reason | - | - | -",
      "auditd | linux.audit | a login that failed, from IPv6, in the words of its program | LogIn(false) | oracle | 2001:db8:0:0:0:0:0:9",
      "windows_event | windows.event | Winlogbeat, failed logon | LogIn(false) | administrator | 198.51.100.23",
      "windows_event_xml | windows.event_xml | logon with every element | LogIn(true) | jane | *",
      "client_vpn | aws.client_vpn | a connection in progress | LogIn(true) | kim | 203.0.113.10",
      "client_vpn | aws.client_vpn | the end of a connection, with all optional fields | - | - | -",
      "cloudtrail | aws.cloudtrail | a sign-in that failed | LogIn(false) | ada | 198.51.100.9",
      "cloudtrail | aws.cloudtrail | the root user of an account with an alias, from EventBridge | LogIn(true) | root | 198.51.100.7",
      "cloudtrail | aws.cloudtrail | a role starts an instance | Call(ec2.amazonaws.com:RunInstances,false) | deployer | 198.51.100.7",
      "cloudtrail | aws.cloudtrail | network activity through an endpoint, denied | Call(cloudtrail.amazonaws.com:ListTrails,true) | - | 10.0.0.8",
      "cloudtrail | aws.cloudtrail | a data event, every field of version 1.11 | Call(s3.amazonaws.com:PutObject,false) DataAccess(s3.amazonaws.com) | app | 2001:db8:0:0:0:0:0:7",
      "cloudtrail | aws.cloudtrail | Insights: an unusual rate of calls | - | - | -",
      "eks_audit | aws.eks_audit | a denied read of a secret by an assumed role | Call(aws.eks_audit:get,true) | system:serviceaccount:prod:web | 10.0.3.17",
      "guardduty | aws.guardduty | an API call | Flag(Discovery:IAMUser/AnomalousBehavior) | alice | 198.51.100.9",
      "s3_access | aws.s3access | every field, an IAM user, an access point | DataAccess(example-data) | - | 192.0.2.3",
      "s3_access | aws.s3access | anonymous and refused: nothing but dashes where there is nothing | Refusal(/) | - | *",
      "mysql_audit | mysql.audit | RDS: a refused connection | LogIn(false) | root | 198.51.100.7",
      "mysql_audit | mysql.audit | RDS: a query with commas and quotes | DataAccess(mysql.audit) | shop | 203.0.113.10",
      "mysql_audit | mysql.audit | RDS: the end of a connection | - | - | -",
      "postgresql_csv | postgresql.csvlog | a refused password | LogIn(false) | admin | 198.51.100.7",
      "opensearch_audit | opensearch.audit | TRANSPORT: missing privileges | Call(opensearch.audit:missing_privileges,true) | report | 203.0.113.10",
      "vpc_lattice | aws.vpc_lattice | refused by the service's policy, IPv6, no TLS | Refusal(/) | - | *",
      "web_access | web.access | combined, quotes in the user agent, IPv6 | - | - | -",
      "waf | aws.waf | blocked by a managed rule, every optional field | Refusal(/cart) | - | 198.51.100.7"
    )
  )
  def anEventOfALogTypeSaysWhatWasDoneByWhomFromWhere(
      file: String,
      dataset: String,
      name: String,
      deeds: String,
      user: String,
      address: String
  ): Unit = {
    val activity = read(sample(file, dataset, name))
    assertThat(activity.deeds.mkString(" ")).isEqualTo(Option(deeds).mkString)
    if (deeds != null) {
      assertThat(activity.user.orNull).isEqualTo(user)
      if (address != "*") assertThat(activity.address.orNull).isEqualTo(address)
    }
  }

  @Test
  def sessionsOfARoleAreTheRole(): Unit = {
    val activity = read(sample("cloudtrail", "aws.cloudtrail", "a role starts an instance"))
    assertThat(activity.principal.get).isEqualTo("arn:aws:iam::111122223333:role/deployer")
    assertThat(activity.account.get).isEqualTo("444455556666")
    assertThat(activity.realm).isEqualTo("444455556666")
  }

  @Test
  def placesComeWithTheEvent(): Unit = {
    val activity = read(sample("guardduty", "aws.guardduty", "an API call"))
    assertThat(activity.country.get).isEqualTo("SE")
    assertThat(activity.place.get).isEqualTo(Place(55.7, 13.19))
  }

  @ParameterizedTest
  @CsvSource(
    delimiter = '|',
    value = Array(
      """/source/ip | "localhost" | source.ip is no address: 'localhost'""",
      """/source/ip | "10.0.0.256" | source.ip is no address: '10.0.0.256'""",
      """/source/ip | "10.0.1" | source.ip is no address: '10.0.1'""",
      """/source/ip | "face:" | source.ip is no address: 'face:'""",
      """/source/ip | ["10.0.0.1"] | source.ip is no text: ["10.0.0.1"]""",
      """/user/name | 7 | user.name is no text: 7""",
      """/@timestamp | "yesterday" | @timestamp is no time: 'yesterday'""",
      """/@timestamp | null | @timestamp is missing""",
      """/event/ingested | null | event.ingested is missing""",
      """/event/category | [7] | event.category holds no text: 7""",
      """/event/dataset | null | event.dataset is missing""",
      """/tenant | null | tenant is missing""",
      """/source/geo | {"location": "52,13"} | source.geo.location is no place on earth: "52,13"""",
      """/source/geo | {"location": {"lat": 91, "lon": 0}} | source.geo.location is no place on earth: {"lat":91,"lon":0}""",
      """/source/geo | {"country_iso_code": {"a": 1}} | source.geo.country_iso_code is no text: {"a":1}"""
    )
  )
  def anEventThatIsLookedAtAndIsWrongIsRefusedWithTheField(pointer: String, value: String, message: String): Unit = {
    val event = sample("linux_auth", "linux.auth", "login with a key")
    val at = pointer.lastIndexOf('/')
    event.withObject(if (at == 0) "" else pointer.take(at)).set[JsonNode](pointer.drop(at + 1), Json.readTree(value))
    assertThatThrownBy(() => read(event)).isInstanceOf(classOf[BadEvent]).hasMessage(message)
  }

  @Test
  def aStatusThatIsNoneIsRefused(): Unit = {
    val event = sample("web_access", "web.access", "combined, quotes in the user agent, IPv6")
    event.withObject("/http/response").put("status_code", "404")
    assertThatThrownBy(() => read(event)).hasMessage("http.response.status_code is no whole number: \"404\"")
  }

  @Test
  def whatNoRuleLooksAtMovesTimeOn(): Unit = {
    val event = sample("web_access", "web.access", "combined, quotes in the user agent, IPv6")
    event.put("@timestamp", "2026-11-23T08:00:00.000Z")
    assertThat(Times.text(read(event).time)).isEqualTo("2026-11-23T08:00:00.000Z")
    event.put("@timestamp", "never")
    assertThat(Reader.read(event)).isEmpty()
  }

  @Test
  def anEventOfTheFutureHappenedWhenItArrived(): Unit = {
    val event = sample("linux_auth", "linux.auth", "login with a key")
    event.withObject("/event").put("ingested", "2026-11-23T08:00:00.250Z")
    val times = Seq("2026-11-23T07:59:59.000Z", "2026-11-23T08:00:05.250Z", "2026-11-23T08:00:05.251Z", "2099-01-01T00:00:00.000Z")
      .map(text => Times.text(read(event.put("@timestamp", text)).time))
    assertThat(times.asJava).containsExactly(
      "2026-11-23T07:59:59.000Z",
      "2026-11-23T08:00:05.250Z",
      "2026-11-23T08:00:00.250Z",
      "2026-11-23T08:00:00.250Z"
    )
  }

  @Test
  def anAddressOfOneKindWrittenAsTheOtherIsTheSame(): Unit = {
    val event = sample("linux_auth", "linux.auth", "login with a key")
    event.withObject("/source").put("ip", "::ffff:203.0.113.41")
    assertThat(read(event).address.get).isEqualTo("203.0.113.41")
  }

  @Test
  def halfACharacterIsNoReasonToStop(): Unit = {
    val event = sample("linux_auth", "linux.auth", "login with a key")
    event.set[JsonNode]("user", Json.readTree("{\"name\": \"a\\ud83d\"}"))
    assertThat(read(event).user.get).isEqualTo("a?")
  }
}

object ReaderTest {
  private val Json = new ObjectMapper
  private val Reader = new ActivityReader(Duration.ofSeconds(5))
  private val Samples = Path.of("../../lambdas/common/logtypes/samples")

  private def read(event: JsonNode): Activity = Reader.read(event).get

  /** The event of a sample, with what `normalise` stamps on every event. */
  private def sample(file: String, dataset: String, name: String): ObjectNode = {
    val event = Files.readString(Samples.resolve(s"$file.jsonl")).linesIterator
      .map(Json.readTree)
      .find(_.path("case").textValue == name)
      .getOrElse(throw new IllegalArgumentException(s"$file has no case '$name'"))
      .path("event").asInstanceOf[ObjectNode]
    event.put("tenant", "default")
    val inner = event.withObject("/event").put("dataset", dataset).put("ingested", "2026-11-23T08:00:00.250Z")
    if (!inner.has("id")) inner.put("id", "e-1")
    event
  }
}
