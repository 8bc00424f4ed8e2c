package weir.flink.behaviour

import com.fasterxml.jackson.databind.node.ObjectNode
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import weir.flink.streams.Times

/** What an attacker or a long life can put into state is bounded. Sizes are those of a checkpoint on the heap. */
final class StateTest {

  @Test
  def failuresWithoutEndTakeNoMoreThanThoseThatAreKept(): Unit = {
    val few = bytes("brute-force", 100)
    val many = bytes("brute-force", 5_000)
    assertThat(many).isEqualTo(few)
    assertThat(many).isLessThan(10_000)
  }

  @Test
  def userNamesWithoutEndTakeNoMoreThanAFinding(): Unit =
    assertThat(bytes("password-spraying", 5_000)).isLessThan(1_000)

  @Test
  def pathsWithoutEndTakeNoMoreThanAFinding(): Unit =
    assertThat(bytes("web-enumeration", 5_000)).isLessThan(1_000)

  @Test
  def callsWithoutEndTakeNoMoreThanTheyAreKeptOfOnePrincipal(): Unit =
    assertThat(bytes("first-seen-api", 5_000)).isLessThan(50_000)

  @Test
  def anIdTakesLittle(): Unit = {
    val chain = new Chain(Chain.settings("brute-force.seconds" -> 1, "password-spraying.seconds" -> 1))
    try {
      val empty = chain.saved().bytes
      flood("password-spraying", 10_000).foreach(chain.send)
      chain.watermark(Sequences.Start + 20_000)
      assertThat((chain.saved().bytes - empty) / 10_000).isLessThan(100)
    } finally chain.close()
  }

  @Test
  def aNameOfAnAttackerIsCut(): Unit = {
    val chain = new Chain(Chain.settings())
    try {
      val event = flood("password-spraying", 1).head
      event.withObject("/user").put("name", "x" * 1_000_000)
      val user = chain.read(event).flatMap(_.user).get
      assertThat(user).hasSize(256).startsWith("xxx")
      event.withObject("/user").put("name", "x" * 1_000_001)
      assertThat(chain.read(event).flatMap(_.user).get).isNotEqualTo(user)
    } finally chain.close()
  }

  @Test
  def everythingIsForgottenInTheEnd(): Unit = {
    val chain = new Chain(Chain.settings())
    try {
      Sequences.all.foreach(_.events.foreach(chain.send))
      assertThat(chain.entries).isGreaterThan(1_000)
      chain.watermark(Sequences.Start + 365L * 86_400_000)
      assertThat(chain.entries).isZero()
      assertThat(chain.timers).isZero()
    } finally chain.close()
  }

  /** Of what is left in the rules a second after `times` events of the rule's first shape, all of one subject. */
  private def bytes(rule: String, times: Int): Long = {
    val others = Map("brute-force.seconds" -> 1, "first-seen-country.keeping.seconds" -> 1, "duplicates.seconds" -> 1)
    val chain = new Chain(Chain.settings((others + (s"$rule.${within(rule)}" -> 86_400 * 30)).toSeq: _*))
    try {
      val empty = chain.saved().bytes
      chain.sendAll(flood(rule, times), Chain.Bound, many = 200)
      chain.watermark(Sequences.Start + times + 2_000L)
      chain.saved().bytes - empty
    } finally chain.close()
  }

  private def within(rule: String): String = if (rule == "first-seen-api") "keeping.seconds" else "seconds"

  /** An event a millisecond, each with another user, path and call. */
  private def flood(rule: String, times: Int): Seq[ObjectNode] = {
    val shape = Sequences.of(rule).find(_.label).get.events.head
    (0 until times).map { n =>
      val event = shape.deepCopy
      event.put("@timestamp", Times.text(Sequences.Start + n)).put("tenant", "default")
      event.withObject("/event").put("id", f"18598d47ed3cf8a45e1e$n%06d")
      rule match {
        case "password-spraying" => event.withObject("/user").put("name", s"user-$n")
        case "web-enumeration" => event.withObject("/url").put("path", s"/guess/$n")
        case "first-seen-api" => event.withObject("/event").put("action", s"Call$n")
        case _ =>
      }
      event
    }
  }
}
