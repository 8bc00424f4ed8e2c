package weir.flink.behaviour

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import java.nio.charset.StandardCharsets.UTF_8
import java.time.Instant
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import scala.jdk.CollectionConverters._
import scala.util.Random
import weir.flink.streams.{Finding, Times}

/** The same events make the same findings, however and how often they come. */
final class OrderTest {
  private val events: Seq[ObjectNode] = Sequences.all.flatMap(_.events).sortBy(time)
  private val findings: Map[String, String] = bodies(Chain.findings(events))

  @Test
  def aReplayMakesTheSameDocuments(): Unit = {
    assertThat(findings.size).isGreaterThanOrEqualTo(Sequences.all.map(_.findings.size).sum)
    assertThat(bodies(Chain.findings(events)).asJava).isEqualTo(findings.asJava)
  }

  @ParameterizedTest
  @ValueSource(longs = Array(1, 2, 3, 4, 5))
  def eventsOutOfOrderWithinTheBoundMakeTheSameFindings(seed: Long): Unit = {
    val random = new Random(seed)
    val shuffled = events.map(event => (time(event) + random.between(0L, Chain.Bound.toMillis + 1), random.nextInt(), event))
      .sortBy { case (arrival, tie, _) => (arrival, tie) }.map(_._3)
    assertThat(shuffled.sliding(2).count(pair => time(pair.head) > time(pair.last))).isGreaterThan(100)
    assertThat(bodies(Chain.findings(shuffled)).asJava).isEqualTo(findings.asJava)
  }

  @ParameterizedTest
  @ValueSource(longs = Array(1, 2, 3))
  def anEventThatComesAgainWithinTenMinutesCountsOnce(seed: Long): Unit = {
    val random = new Random(seed)
    val again = events.flatMap { event =>
      Seq((time(event), event), (time(event) + random.between(0L, 600_001L), event))
    }.sortBy(_._1).map(_._2)
    assertThat(bodies(Chain.findings(again)).asJava).isEqualTo(findings.asJava)
  }

  @Test
  def anEventThatComesAgainLaterThanThatCountsAgain(): Unit = {
    val event = Sequences.of("web-enumeration").find(_.label).get.events.head
    val chain = new Chain(Chain.settings("duplicates.seconds" -> 10))
    try {
      val passed = Seq(0L, 9_000L, 11_000L).map { after =>
        chain.watermark(Sequences.Start + after)
        chain.pass(chain.read(event).get).size
      }
      assertThat(passed.asJava).containsExactly(1, 0, 1)
    } finally chain.close()
  }

  @ParameterizedTest
  @ValueSource(ints = Array(1, 7, 60, 250, 700, 1200))
  def aRestoredApplicationGoesOn(at: Int): Unit = {
    val settings = Chain.settings()
    val before = new Chain(settings)
    val (first, rest) = events.splitAt(at)
    before.sendAll(first, Chain.Bound)
    val saved = before.saved()
    before.close()
    val after = new Chain(settings, Some(saved))
    try {
      after.sendAll(rest, Chain.Bound)
      after.watermark(Long.MaxValue)
      assertThat((bodies(before.findings.toSeq) ++ bodies(after.findings.toSeq)).asJava).isEqualTo(findings.asJava)
      assertThat((before.findings ++ after.findings).map(_.id).asJava).doesNotHaveDuplicates()
    } finally after.close()
  }

  @Test
  def aLogThatIsDeliveredHoursLateIsJudgedAsItComes(): Unit = {
    val chain = new Chain(Chain.settings())
    try {
      val sequence = Sequences.of("brute-force").head
      sequence.events.foreach { event =>
        chain.watermark(time(event) + 6 * 3_600_000L)
        chain.send(event)
      }
      val found = chain.findings.toSeq.filter(ofBruteForce).map(Sequences.described)
      assertThat(found.map(_.at).asJava).containsExactly(sequence.findings.head.at)
    } finally chain.close()
  }

  @Test
  def aClockThatIsWrongMakesNothingLate(): Unit = {
    val sequence = Sequences.of("brute-force").head
    val wrong = sequence.events.head.deepCopy
    wrong.put("@timestamp", Times.text(Sequences.Start + 10L * 365 * 86_400_000))
    wrong.withObject("/event").put("id", "of the future")
    val found = Chain.findings(wrong +: sequence.events).filter(ofBruteForce).map(Sequences.described)
    assertThat(found.map(_.at).asJava).containsExactly(sequence.findings.head.at)
    assertThat(found.head.evidence).isEqualTo(sequence.findings.head.evidence + 1)
  }

  private def ofBruteForce(finding: Finding): Boolean =
    Sequences.document(finding).at("/rule/id").textValue == "brute-force"

  private def time(event: JsonNode): Long = Instant.parse(event.path("@timestamp").textValue).toEpochMilli

  private def bodies(found: Seq[Finding]): Map[String, String] =
    found.map(finding => finding.id -> new String(finding.body, UTF_8)).toMap
}
