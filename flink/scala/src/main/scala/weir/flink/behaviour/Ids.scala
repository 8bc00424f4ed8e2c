package weir.flink.behaviour

import java.nio.charset.StandardCharsets.UTF_8
import java.security.MessageDigest

/** Identities that survive a restart. */
private[behaviour] object Ids {

  /** 104 bits, as the ids of events have. */
  val Digits = 26

  def digest(text: String): String =
    MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)).map(byte => f"$byte%02x").mkString.take(Digits)
}
