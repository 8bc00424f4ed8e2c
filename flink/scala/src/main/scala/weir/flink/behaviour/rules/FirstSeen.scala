package weir.flink.behaviour.rules

import java.time.Duration
import weir.flink.behaviour._

/**
 * What two rules ask: has this subject been seen with it before?
 *
 * @param learning for this long after a subject is first seen nothing is new
 * @param keeping for this long after it was last seen a value is known
 * @param most values of one subject; the one that was seen longest ago makes room
 */
private[rules] final class FirstSeen(learning: Duration, keeping: Duration, most: Int) extends Serializable {
  import FirstSeen._

  /** Remembers the value. Whether it is new of a subject that is known long enough. */
  def apply(value: String, activity: Activity, memory: Memory): Boolean = {
    val since = memory.get(Since).getOrElse {
      memory.put(Since, Mark.of(activity))
      Mark.of(activity)
    }
    val known = memory.get(Value + value)
    if (known.isEmpty) makeRoom(memory)
    if (!known.exists(_.time > activity.time)) memory.put(Value + value, Mark.of(activity))
    val forgotten = known.exists(_.time < activity.time - keeping.toMillis)
    (known.isEmpty || forgotten) && activity.time >= since.time + learning.toMillis
  }

  private def makeRoom(memory: Memory): Unit =
    memory.beginning(Value).sortBy { case (name, mark) => (mark.time, name) }.dropRight(most - 1).foreach { case (name, _) =>
      memory.remove(name)
    }
}

private[rules] object FirstSeen {
  private val Since = "since"
  private val Value = "value/"
}
