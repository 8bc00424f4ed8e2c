package weir.flink.behaviour

import java.nio.file.{Files, Path}
import org.assertj.core.api.Assertions.{assertThat, assertThatThrownBy}
import org.junit.jupiter.api.Test
import scala.jdk.CollectionConverters._
import weir.flink.streams.{ConfigurationException, PropertyGroup}

/** What the property group `application` may say. */
final class SettingsTest {

  @Test
  def whatIsNotSaidHasItsDefault(): Unit = {
    val settings = of("idle.seconds" -> "30")
    assertThat(settings(Settings.Idle)).isEqualTo(30)
    assertThat(settings.duration(Settings.OutOfOrderness)).hasSeconds(2)
  }

  @Test
  def whatIsSaidIsInForce(): Unit = {
    val sequence = Sequences.of("brute-force").find(!_.label).get
    assertThat(Chain.findings(sequence.events).asJava).isEmpty()
    val found = Chain.findings(sequence.events, "brute-force.failures" -> 9).map(Sequences.described)
    assertThat(found.map(_.evidence).asJava).containsExactly(10, 10)
  }

  @Test
  def aKeyThatNobodyKnowsIsRefused(): Unit =
    assertThatThrownBy(() => of("brute-force.failure" -> "9"))
      .isInstanceOf(classOf[ConfigurationException])
      .hasMessageStartingWith("property group 'application': no such key: brute-force.failure; there are brute-force.failures, ")

  @Test
  def aValueThatIsNoneIsRefusedBeforeTheStart(): Unit = {
    assertThatThrownBy(() => of("brute-force.failures" -> "many"))
      .hasMessage("property group 'application': brute-force.failures is 'many', not a whole number of at least 2")
    assertThatThrownBy(() => of("web-enumeration.seconds" -> "0"))
      .hasMessage("property group 'application': web-enumeration.seconds is '0', not a whole number of at least 1")
  }

  @Test
  def theReadmeHasEverySettingWithItsDefault(): Unit = {
    val rows = Settings.known.map(setting => s"| `${setting.key}` | ${setting.default} | ${setting.what} |")
    val readme = Files.readString(Path.of("README.md")).linesIterator.toSeq
    assertThat(readme.filter(line => rows.contains(line)).asJava).isEqualTo(rows.asJava)
  }

  @Test
  def theReadmeHasEveryRule(): Unit = {
    val rows = Rules.files.map(_.metadata).map { rule =>
      s"| `${rule.id}` | ${rule.severity} | ${rule.techniques.mkString(", ")} | ${rule.description} |"
    }
    val readme = Files.readString(Path.of("README.md")).linesIterator.toSeq
    assertThat(readme.filter(line => rows.contains(line)).asJava).isEqualTo(rows.asJava)
  }

  private def of(values: (String, String)*): Settings = Settings.of(new PropertyGroup("application", values.toMap.asJava))
}
