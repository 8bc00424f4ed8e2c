package weir.flink.behaviour

import java.time.Duration
import java.util
import scala.jdk.CollectionConverters._
import weir.flink.streams.{ConfigurationException, PropertyGroup}

/**
 * A key of the property group `application`: a whole number.
 *
 * @param key ends in `.seconds` where it is a duration
 * @param least the smallest that makes sense
 */
final case class Setting(key: String, default: Int, least: Int, what: String)

/** What the application was deployed with, over the defaults. */
final class Settings private (group: PropertyGroup) {
  def apply(setting: Setting): Int = group.number(setting.key, setting.least)

  def duration(setting: Setting): Duration = group.seconds(setting.key, setting.least)
}

object Settings {
  val OutOfOrderness: Setting =
    Setting("out-of-orderness.seconds", 2, 0, "by how much events of one shard may come after later ones")
  val Idle: Setting = Setting("idle.seconds", 10, 1, "after how long without events a shard holds up the others no more")
  val Duplicates: Setting =
    Setting("duplicates.seconds", 600, 1, "for how long an event that is delivered again counts once")
  val Future: Setting =
    Setting("future.seconds", 2, 0, "by how much `@timestamp` may be after `event.ingested` before that is the time of the event")

  /** The application's own; the rest is in the files of the rules. */
  val Own: Seq[Setting] = Seq(OutOfOrderness, Idle, Duplicates, Future)

  def known: Seq[Setting] = Own ++ Rules.files.flatMap(_.settings)

  /** @throws ConfigurationException where there is a key that nobody knows, or a value that is none */
  def of(group: PropertyGroup): Settings = {
    val defaults = known.map(setting => setting.key -> setting.default.toString).toMap
    val unknown = group.values.keySet.asScala.diff(defaults.keySet)
    if (unknown.nonEmpty) {
      throw new ConfigurationException(
        s"property group '${group.name}': no such key: ${unknown.mkString(", ")}; there are ${defaults.keys.toSeq.sorted.mkString(", ")}"
      )
    }
    val values = new util.TreeMap[String, String](defaults.asJava)
    values.putAll(group.values)
    val settings = new Settings(new PropertyGroup(group.name, values))
    known.foreach(settings(_))
    settings
  }
}
