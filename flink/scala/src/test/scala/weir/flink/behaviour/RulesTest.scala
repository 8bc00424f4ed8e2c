package weir.flink.behaviour

import java.nio.file.{Files, Path}
import java.util
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.{DynamicTest, Test, TestFactory}
import scala.jdk.CollectionConverters._

/** Rules find what their labelled sequences say, and nothing in the others. */
final class RulesTest {

  @TestFactory
  def aLabelledSequenceHasItsFindingsAndNoOtherOfItsRule(): util.List[DynamicTest] =
    Sequences.all.map { sequence =>
      DynamicTest.dynamicTest(
        sequence.toString,
        () => {
          val found = Chain.findings(sequence.events)
            .filter(finding => Sequences.document(finding).at("/rule/id").textValue == sequence.rule)
            .map(Sequences.described)
          val expected = sequence.findings.zipAll(found, null, null).collect {
            case (one, actual) if one != null => if (one.message.isEmpty && actual != null) one.copy(message = actual.message) else one
          }
          assertThat(found.asJava).isEqualTo(expected.asJava)
        }
      )
    }.asJava

  @Test
  def aFindingOfLittleSeverityFlagsNoAddress(): Unit = {
    val calls = Sequences.of("first-seen-api").head.events
    val read = Sequences.of("flagged-data-access").head.events.last.deepCopy
    read.put("tenant", calls.head.path("tenant").textValue).put("@timestamp", calls.last.path("@timestamp").textValue)
    val found = Chain.findings(calls :+ read).map(Sequences.document(_).at("/rule/id").textValue)
    assertThat(found.asJava).containsExactly("first-seen-api")
  }

  @Test
  def everyRuleHasLabelledSequencesOfBothKinds(): Unit = {
    val poor = Rules.files.map(_.metadata.id).filterNot { id =>
      val labels = Sequences.of(id).map(_.label)
      labels.count(identity) >= 2 && labels.count(!_) >= 3
    }
    assertThat(poor.asJava).isEmpty()
  }

  @Test
  def everyFileOfARuleIsAmongTheRules(): Unit = {
    val files = Files.list(Path.of("src/main/scala/weir/flink/behaviour/rules"))
    val rules = try files.iterator.asScala.filter(Files.readString(_).contains("extends RuleFile")).map(_.getFileName.toString).toSet
    finally files.close()
    assertThat(Rules.files.map(file => s"${file.getClass.getSimpleName.stripSuffix("$")}.scala").toSet.asJava).isEqualTo(rules.asJava)
  }

  @Test
  def idsOfRulesAndKeysOfSettingsAreUniqueAndSayWhatTheyAre(): Unit = {
    assertThat(Rules.files.map(_.metadata.id).asJava).doesNotHaveDuplicates()
    assertThat(Settings.known.map(_.key).asJava).doesNotHaveDuplicates()
    Rules.files.foreach { file =>
      assertThat(file.metadata.severity).isBetween(1, 100)
      file.metadata.techniques.foreach(id => assertThat(id).matches("T\\d{4}(\\.\\d{3})?"))
      file.settings.foreach(setting => assertThat(setting.key).startsWith(file.metadata.id + "."))
    }
  }
}
