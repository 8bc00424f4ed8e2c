package weir.flink.behaviour

import org.apache.flink.api.common.functions.FlatMapFunction
import org.apache.flink.util.Collector

/**
 * An activity on its way to the memory of one rule of one subject.
 *
 * @param key of that memory
 */
final case class Watched(key: String, activity: Activity)

object Watched {

  /** No name of a rule or tenant holds it. */
  private val Separator = '\n'

  def key(rule: Rule, tenant: String, subject: Subject): String =
    Seq(rule.metadata.id, tenant, subject.toString).mkString(Separator.toString)

  def rule(key: String): String = key.takeWhile(_ != Separator)

  def subject(key: String): String = key.split(Separator.toString, 3)(2)
}

/** Sends an activity to the rules that look at it. All of them share one operator: another rule is no other graph of the job. */
final class Watch(rules: Seq[Rule]) extends FlatMapFunction[Activity, Watched] {
  override def flatMap(activity: Activity, out: Collector[Watched]): Unit =
    for {
      rule <- rules
      subject <- rule.subjects(activity)
    } out.collect(Watched(Watched.key(rule, activity.tenant, subject), activity))
}
