package weir.flink.behaviour

import com.fasterxml.jackson.databind.ObjectMapper
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import scala.jdk.CollectionConverters._

/** A finding as `route` indexes it. */
final class FindingDocumentTest {
  private val metadata = Metadata("a-rule", "A rule", 70, "What it looks for.", Seq("T1078", "T1110.001"))
  private val activity = Activity(
    id = "e-3",
    tenant = "shop",
    dataset = "aws.cloudtrail",
    time = Sequences.Start + 2_000,
    ingested = Sequences.Start + 5_000,
    realm = "111122223333",
    deeds = List(Deed.LogIn(succeeded = true)),
    user = Some("ada"),
    account = Some("111122223333"),
    address = Some("203.0.113.9"),
    country = Some("DE"),
    place = Some(Place(52.5, 13.4))
  )
  private val evidence = Seq(
    Mark.of(activity),
    Mark(Sequences.Start, Sequences.Start + 9_000, "e-1"),
    Mark(Sequences.Start + 1_000, Sequences.Start + 1_500, "e-2")
  )

  @Test
  def hasTheSubjectTheEvidenceAndTheTimes(): Unit = {
    val finding = FindingDocument.of(
      metadata,
      "user:ada@111122223333",
      activity,
      Match(evidence, "It was so.", Map("minutes" -> 5), Map("minutes" -> 2, "kilometres" -> 900), Map("from" -> "198.51.100.7"))
    )
    assertThat(Sequences.document(finding)).isEqualTo(new ObjectMapper().readTree(s"""{
      "@timestamp": "2026-11-23T08:00:02.000Z", "tenant": "shop", "message": "It was so.",
      "event": {"id": "${finding.id}", "kind": "alert", "dataset": "weir.finding", "severity": 70, "category": ["intrusion_detection"],
        "type": ["info"], "start": "2026-11-23T08:00:00.000Z", "end": "2026-11-23T08:00:02.000Z", "ingested": "2026-11-23T08:00:09.000Z"},
      "rule": {"id": "a-rule", "name": "A rule", "description": "What it looks for."},
      "threat": {"technique": {"id": ["T1078", "T1110.001"]}},
      "user": {"name": "ada"}, "source": {"ip": "203.0.113.9", "geo": {"country_iso_code": "DE", "location": {"lat": 52.5, "lon": 13.4}}},
      "cloud": {"account": {"id": "111122223333"}},
      "weir": {"finding": {"application": "behaviour", "key": "user:ada@111122223333", "evidence_count": 3, "evidence": ["e-1", "e-2", "e-3"],
        "start": "2026-11-23T08:00:00.000Z", "end": "2026-11-23T08:00:02.000Z",
        "expected": {"minutes": 5}, "actual": {"kilometres": 900, "minutes": 2}, "attribution": {"from": "198.51.100.7"}}}
    }"""))
  }

  @Test
  def keepsTheNewestTwentyOfTheEvidence(): Unit = {
    val marks = (1 to 30).map(n => Mark(Sequences.Start + n, Sequences.Start, f"e-$n%02d"))
    val own = Sequences.document(FindingDocument.of(metadata, "address:203.0.113.9", activity, Match(marks, "It was so."))).at("/weir/finding")
    assertThat(own.path("evidence_count").intValue).isEqualTo(30)
    assertThat(own.path("evidence").elements.asScala.map(_.textValue).toSeq.asJava).isEqualTo((11 to 30).map(n => f"e-$n%02d").asJava)
  }

  @Test
  def itsIdIsOfTheRuleTheSubjectAndTheEvent(): Unit = {
    def id(metadata: Metadata, subject: String, activity: Activity, message: String): String =
      FindingDocument.of(metadata, subject, activity, Match(evidence, message)).id
    val one = id(metadata, "user:ada", activity, "It was so.")
    assertThat(one).matches("[0-9a-f]{26}").isEqualTo(id(metadata.copy(severity = 1), "user:ada", activity, "Said otherwise."))
    val others = Seq(
      id(metadata.copy(id = "b"), "user:ada", activity, ""),
      id(metadata, "user:eve", activity, ""),
      id(metadata, "user:ada", activity.copy(tenant = "bank"), ""),
      id(metadata, "user:ada", activity.copy(time = 0), ""),
      id(metadata, "user:ada", activity.copy(id = "e-4"), "")
    )
    assertThat((one +: others).asJava).doesNotHaveDuplicates()
  }
}
