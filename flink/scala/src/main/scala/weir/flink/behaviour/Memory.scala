package weir.flink.behaviour

import java.time.Duration

/**
 * An activity as it is remembered.
 *
 * @param event id of its event
 * @param text what the rule wants to know of it later
 */
final case class Mark(time: Long, ingested: Long, event: String, text: String = "", place: Option[Place] = None)

object Mark {
  def of(activity: Activity, text: String = ""): Mark =
    Mark(activity.time, activity.ingested, activity.id, text, activity.place)
}

/** What a rule remembers of one subject: marks by name, each of them written alone. */
trait Memory {
  def get(name: String): Option[Mark]

  def put(name: String, mark: Mark): Unit

  def remove(name: String): Unit

  /** Those whose name begins so, at the time of asking. */
  def beginning(prefix: String): Seq[(String, Mark)]
}

object Memory {
  private val Recent = "recent/"
  private val Quiet = "quiet"

  implicit final class Windows(private val memory: Memory) extends AnyVal {

    /**
     * Remembers `mark` under a name, the newest of each. Drops those that are older than `within` before it, and the oldest
     * where there are more than `most`.
     *
     * @return what is remembered of the time `within` up to `mark`, oldest first
     */
    def remember(name: String, mark: Mark, within: Duration, most: Int): Seq[Mark] = {
      val place = Recent + name
      val (same, others) = memory.beginning(Recent).partition { case (known, _) => known == place }
      val newest = same.collectFirst { case (_, known) if known.time > mark.time => known }.getOrElse(mark)
      if (newest == mark) memory.put(place, mark)
      val (old, young) = ((place -> newest) +: others).partition { case (_, known) => known.time <= mark.time - within.toMillis }
      val (extra, kept) = young.sortBy { case (_, known) => (known.time, known.event) }.splitAt(young.size - most)
      (old ++ extra).foreach { case (forgotten, _) => memory.remove(forgotten) }
      kept.map(_._2).filter(_.time <= mark.time)
    }

    /** What is remembered of the time `within` up to `time`, oldest first. */
    def recent(time: Long, within: Duration): Seq[Mark] =
      memory.beginning(Recent)
        .collect { case (_, mark) if mark.time <= time && mark.time > time - within.toMillis => mark }
        .sortBy(mark => (mark.time, mark.event))

    /** What a finding has told of is not told again. */
    def forgetRecent(): Unit = memory.beginning(Recent).foreach { case (name, _) => memory.remove(name) }

    /** Whether a finding is so near in time that this would be another of the same. */
    def quiet(time: Long, within: Duration): Boolean =
      memory.get(Quiet).exists(found => math.abs(time - found.time) < within.toMillis)

    def found(mark: Mark): Unit = memory.put(Quiet, mark)
  }
}
