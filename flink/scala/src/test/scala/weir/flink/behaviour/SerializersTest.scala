package weir.flink.behaviour

import org.apache.flink.api.common.serialization.SerializerConfigImpl
import org.apache.flink.api.common.typeinfo.TypeInformation
import org.apache.flink.core.memory.{DataInputDeserializer, DataOutputSerializer}
import org.assertj.core.api.Assertions.{assertThat, assertThatThrownBy}
import org.junit.jupiter.api.Test

/** What is written is read again, and of another version refused. */
final class SerializersTest {
  private val bare = Activity("e-1", "", "d", 1, Long.MinValue, "r", Nil)
  private val full = bare.copy(
    deeds = List(Deed.LogIn(false), Deed.Call("a:b", denied = true), Deed.Refusal("/ä"), Deed.DataAccess("x"), Deed.Flag("y")),
    user = Some("ada"),
    principal = Some("arn"),
    account = Some("1"),
    host = Some(""),
    address = Some("203.0.113.9"),
    country = Some("DE"),
    place = Some(Place(-1.5, 179))
  )

  @Test
  def activitiesAreReadAsTheyWereWritten(): Unit = {
    Seq(bare, full).foreach(activity => assertThat(again(Serializers.activities, activity)).isEqualTo(activity))
    assertThat(again(Serializers.watched, Watched("a\nb\nc", full))).isEqualTo(Watched("a\nb\nc", full))
  }

  @Test
  def marksAreReadAsTheyWereWritten(): Unit =
    Seq(Mark(1, 2, "e"), Mark(-1, 2, "e", "text", Some(Place(1, 2)))).foreach { mark =>
      assertThat(again(Serializers.marks, mark)).isEqualTo(mark)
    }

  @Test
  def anotherVersionIsRefused(): Unit = {
    val bytes = written(Serializers.marks, Mark(1, 2, "e"))
    bytes(0) = 9
    assertThatThrownBy(() => read(Serializers.marks, bytes))
      .isInstanceOf(classOf[IllegalStateException])
      .hasMessageContaining("state of version 9")
      .hasMessageContaining("reads version 1")
  }

  @Test
  def flinkFindsTheTypeByItself(): Unit =
    assertThat(TypeInformation.of(classOf[Activity])).isEqualTo(Serializers.activities)

  private def again[T](of: TypeInformation[T], value: T): T = read(of, written(of, value))

  private def written[T](of: TypeInformation[T], value: T): Array[Byte] = {
    val out = new DataOutputSerializer(64)
    of.createSerializer(new SerializerConfigImpl).serialize(value, out)
    out.getCopyOfBuffer
  }

  private def read[T](of: TypeInformation[T], bytes: Array[Byte]): T = {
    val in = new DataInputDeserializer(bytes)
    val value = of.createSerializer(new SerializerConfigImpl).deserialize(in)
    assertThat(in.available).isZero()
    value
  }
}
