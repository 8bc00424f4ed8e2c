package weir.flink.behaviour

import java.time.Duration

/**
 * What a rule is, for who reads its findings.
 *
 * @param id `rule.id`
 * @param name `rule.name`
 * @param severity 0 to 100
 * @param description what it looks for, and which innocent behaviour looks the same
 * @param techniques ids of MITRE ATT&CK, https://attack.mitre.org/techniques/enterprise/
 */
final case class Metadata(id: String, name: String, severity: Int, description: String, techniques: Seq[String])

/** A rule's file: what it is, what can be set, and how it is made. */
trait RuleFile {
  def metadata: Metadata

  def settings: Seq[Setting]

  def rule(values: Settings): Rule

  /** Whether it looks at the flags that findings of the other rules raise. */
  def afterOthers: Boolean = false
}

/**
 * One kind of behaviour. All it knows is in its memory of a subject, and it has no clock: the same activities in the same order
 * make the same findings.
 *
 * @param remembers for how long after the last activity of a subject its memory is kept
 */
abstract class Rule(val metadata: Metadata, val remembers: Duration) extends Serializable {

  /** Whom an activity is held against: none where the rule does not look at it. */
  def subjects(activity: Activity): Seq[Subject]

  /** @return what the activity completes; activities come in the order of their time, late ones when they come */
  def judge(activity: Activity, memory: Memory): Option[Match]
}

/**
 * What a rule found.
 *
 * @param evidence the activities that make it, the one judged among them
 * @param message one sentence
 * @param expected the bounds that were passed, by name
 * @param actual what was there, by the same names
 * @param attribution what it is put down to
 */
final case class Match(
    evidence: Seq[Mark],
    message: String,
    expected: Map[String, Long] = Map.empty,
    actual: Map[String, Long] = Map.empty,
    attribution: Map[String, String] = Map.empty
)
