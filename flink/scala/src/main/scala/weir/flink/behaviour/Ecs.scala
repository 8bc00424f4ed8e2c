package weir.flink.behaviour

import com.fasterxml.jackson.databind.JsonNode
import java.net.{InetAddress, UnknownHostException}
import java.nio.charset.StandardCharsets.UTF_8
import scala.jdk.CollectionConverters._
import weir.flink.streams.BadEvent

/** Reads fields of an event by their names in the Elastic Common Schema, and refuses what is not of the field's kind. */
private[behaviour] final class Ecs(event: JsonNode) {

  /** A text, cut where it is longer than a name is: who attacks chooses how long. */
  @throws[BadEvent]
  def word(field: String): Option[String] = present(field).map { node =>
    if (!node.isTextual) throw new BadEvent(s"$field is no text: ${Ecs.shown(node)}")
    Ecs.short(node.textValue)
  }.filter(_.nonEmpty)

  @throws[BadEvent]
  def required(field: String): String = word(field).getOrElse(throw new BadEvent(s"$field is missing"))

  /** A text, or a list of them: a field of the schema may be either. */
  @throws[BadEvent]
  def words(field: String): Set[String] = present(field).fold(Set.empty[String]) { node =>
    val all = if (node.isArray) node.elements.asScala.toSeq else Seq(node)
    all.find(!_.isTextual).foreach(bad => throw new BadEvent(s"$field holds no text: ${Ecs.shown(bad)}"))
    all.map(_.textValue).toSet
  }

  /** In the one form of its kind: of the ways to write an IPv6 address the one without abbreviations. */
  @throws[BadEvent]
  def address(field: String): Option[String] = word(field).map { text =>
    Ecs.parsed(text).getOrElse(throw new BadEvent(s"$field is no address: '$text'"))
  }

  @throws[BadEvent]
  def place(field: String): Option[Place] = present(field).map { node =>
    val (latitude, longitude) = (node.path("lat"), node.path("lon"))
    if (!latitude.isNumber || !longitude.isNumber || latitude.asDouble.abs > 90 || longitude.asDouble.abs > 180) {
      throw new BadEvent(s"$field is no place on earth: ${Ecs.shown(node)}")
    }
    Place(latitude.asDouble, longitude.asDouble)
  }

  @throws[BadEvent]
  def whole(field: String): Option[Int] = present(field).map { node =>
    if (!node.isIntegralNumber || !node.canConvertToInt) throw new BadEvent(s"$field is no whole number: ${Ecs.shown(node)}")
    node.intValue
  }

  private def present(field: String): Option[JsonNode] = {
    val node = if (field == "@timestamp") event.path(field) else field.split('.').foldLeft(event)(_ path _)
    Option.when(!node.isMissingNode && !node.isNull)(node)
  }
}

private[behaviour] object Ecs {
  private val LongestWord = 256
  private val IPv4 = raw"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})".r

  /** The text, or its beginning and a digest of the whole, so that two of them stay two. */
  def short(text: String): String =
    if (text.length <= LongestWord) whole(text) else whole(text.take(LongestWord - Ids.Digits - 1)) + "…" + Ids.digest(text)

  /** JSON can spell half a character, which UTF-8 cannot. */
  private def whole(text: String): String =
    if (text.exists(Character.isSurrogate)) new String(text.getBytes(UTF_8), UTF_8) else text

  /** Never asks a name server: what is no address in digits has none. */
  private def parsed(text: String): Option[String] = text match {
    case IPv4(parts @ _*) => Option.when(parts.forall(_.toInt < 256))(parts.map(_.toInt).mkString("."))
    case _ if text.contains(':') && text.forall(letter => Character.digit(letter, 16) >= 0 || letter == ':' || letter == '.') =>
      try Some(InetAddress.getByName(text).getHostAddress)
      catch { case _: UnknownHostException => None }
    case _ => None
  }

  private def shown(node: JsonNode): String = short(node.toString)
}
