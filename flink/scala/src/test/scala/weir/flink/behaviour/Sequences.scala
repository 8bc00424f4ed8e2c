package weir.flink.behaviour

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.{ArrayNode, ObjectNode, TextNode}
import java.time.{Duration, Instant}
import scala.jdk.CollectionConverters._
import weir.flink.streams.{Finding, Times}

/**
 * What a finding of a sequence must be.
 *
 * @param at after the beginning of the sequence
 * @param message not looked at where there is none
 */
final case class Expected(key: String, at: Duration, evidence: Int, message: Option[String])

/**
 * A labelled sequence of events, of the file of a rule.
 *
 * @param events as `normalise` writes them, in the order of their time; the tenant is the sequence's own
 * @param findings of this rule, none where the label is false
 */
final case class Sequence(rule: String, label: Boolean, name: String, events: Seq[ObjectNode], findings: Seq[Expected]) {
  def tenant: String = Sequences.tenant(rule, name)

  override def toString: String = s"$rule $label: $name"
}

/** The sequences of `src/test/resources/weir/flink/behaviour/rules`. */
object Sequences {
  private val Json = new ObjectMapper
  val Start: Long = Instant.parse("2026-11-23T08:00:00Z").toEpochMilli

  /** From happening to arriving. */
  private val Way = 1_000L

  val all: Seq[Sequence] = Rules.files.flatMap(file => of(file.metadata.id))

  def of(rule: String): Seq[Sequence] = {
    val resource = s"rules/$rule.json"
    val in = getClass.getResourceAsStream(resource)
    require(in != null, s"rule $rule has no labelled sequences: $resource is missing")
    val file = try Json.readTree(in) finally in.close()
    Seq(true, false).flatMap { label =>
      file.path(label.toString).elements.asScala.map { one =>
        val name = one.path("case").textValue
        val findings = one.path("findings").elements.asScala.map(expected).toSeq
        require(findings.nonEmpty == label, s"$resource: '$name' is labelled $label and has ${findings.size} findings")
        Sequence(rule, label, name, expand(file.path("shapes"), one.path("events"), tenant(rule, name)), findings)
      }
    }
  }

  def tenant(rule: String, name: String): String = s"$rule/$name"

  private def expected(finding: JsonNode): Expected =
    Expected(
      finding.path("key").textValue,
      Duration.parse(finding.path("at").textValue),
      finding.path("evidence").intValue,
      Option(finding.path("message").textValue)
    )

  private def expand(shapes: JsonNode, entries: JsonNode, tenant: String): Seq[ObjectNode] = {
    val events = for {
      entry <- entries.elements.asScala.toSeq
      n <- 1 to entry.path("times").asInt(1)
    } yield {
      val at = Duration.parse(entry.path("at").asText("PT0S"))
        .plus(Duration.parse(entry.path("every").asText("PT0S")).multipliedBy(n - 1L))
      val event = numbered(shapes.path(entry.path("like").textValue).deepCopy[ObjectNode], n).asInstanceOf[ObjectNode]
      entry.path("event") match {
        case further: ObjectNode => merge(event, numbered(further.deepCopy, n).asInstanceOf[ObjectNode])
        case _ =>
      }
      (Start + at.toMillis, event)
    }
    events.sortBy(_._1).zipWithIndex.map { case ((time, event), n) => stamped(event, time, tenant, n) }
  }

  /** What every event has, over what the sequence says. */
  private def stamped(event: ObjectNode, time: Long, tenant: String, n: Int): ObjectNode = {
    event.put("@timestamp", Times.text(time)).put("tenant", tenant)
    val inner = event.withObject("/event")
    inner.put("id", f"$tenant%s-$n%03d").put("ingested", Times.text(time + Way))
    if (!inner.has("kind")) inner.put("kind", "event")
    event
  }

  private def merge(into: ObjectNode, from: ObjectNode): Unit = from.properties.asScala.foreach { member =>
    (into.get(member.getKey), member.getValue) match {
      case (_, none) if none.isNull => into.remove(member.getKey)
      case (known: ObjectNode, further: ObjectNode) => merge(known, further)
      case (_, value) => into.set[JsonNode](member.getKey, value)
    }
  }

  private def numbered(node: JsonNode, n: Int): JsonNode = {
    node match {
      case members: ObjectNode => members.properties.asScala.foreach(member => member.setValue(numbered(member.getValue, n)))
      case items: ArrayNode => (0 until items.size).foreach(i => items.set(i, numbered(items.get(i), n)))
      case _ =>
    }
    node match {
      case text: TextNode => TextNode.valueOf(text.textValue.replace("{n}", n.toString))
      case other => other
    }
  }

  def document(finding: Finding): JsonNode = Json.readTree(finding.body)

  /** A finding in the terms of a sequence. */
  def described(finding: Finding): Expected = {
    val node = document(finding)
    Expected(
      node.at("/weir/finding/key").textValue,
      Duration.ofMillis(Instant.parse(node.at("/@timestamp").textValue).toEpochMilli - Start),
      node.at("/weir/finding/evidence_count").intValue,
      Option(node.at("/message").textValue)
    )
  }
}
