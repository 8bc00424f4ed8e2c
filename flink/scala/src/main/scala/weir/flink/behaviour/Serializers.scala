package weir.flink.behaviour

import java.lang.reflect.Type
import java.util
import org.apache.flink.api.common.serialization.SerializerConfig
import org.apache.flink.api.common.typeinfo.{TypeInfoFactory, TypeInformation}
import org.apache.flink.api.common.typeutils.{SimpleTypeSerializerSnapshot, TypeSerializer, TypeSerializerSnapshot}
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton
import org.apache.flink.core.memory.{DataInputView, DataOutputView}
import org.apache.flink.types.StringValue

/**
 * How activities and marks are written to the network and to state. Flink's own way for classes it does not know, Kryo, makes a
 * second `None`, and what it writes is not read again after a class has changed. Each of these begins with its version.
 */
private[behaviour] object Serializers {
  val activities: TypeInformation[Activity] = new ImmutableType(classOf[Activity], new ActivitySerializer)
  val watched: TypeInformation[Watched] = new ImmutableType(classOf[Watched], new WatchedSerializer)
  val marks: TypeInformation[Mark] = new ImmutableType(classOf[Mark], new MarkSerializer)

  def words(out: DataOutputView, texts: Option[String]*): Unit =
    texts.foreach(text => StringValue.writeString(text.orNull, out))

  def word(in: DataInputView): Option[String] = Option(StringValue.readString(in))

  def place(out: DataOutputView, place: Option[Place]): Unit = {
    out.writeBoolean(place.isDefined)
    place.foreach { at =>
      out.writeDouble(at.latitude)
      out.writeDouble(at.longitude)
    }
  }

  def place(in: DataInputView): Option[Place] = Option.when(in.readBoolean())(Place(in.readDouble(), in.readDouble()))

  def deed(out: DataOutputView, deed: Deed): Unit = deed match {
    case Deed.LogIn(succeeded) => out.writeByte(0); out.writeBoolean(succeeded)
    case Deed.Call(api, denied) => out.writeByte(1); words(out, Some(api)); out.writeBoolean(denied)
    case Deed.Refusal(path) => out.writeByte(2); words(out, Some(path))
    case Deed.DataAccess(data) => out.writeByte(3); words(out, Some(data))
    case Deed.Flag(reason) => out.writeByte(4); words(out, Some(reason))
  }

  def deed(in: DataInputView): Deed = in.readByte().toInt match {
    case 0 => Deed.LogIn(in.readBoolean())
    case 1 => Deed.Call(word(in).mkString, in.readBoolean())
    case 2 => Deed.Refusal(word(in).mkString)
    case 3 => Deed.DataAccess(word(in).mkString)
    case 4 => Deed.Flag(word(in).mkString)
    case other => throw new IllegalStateException(s"state holds a deed of kind $other: it was written by a later version")
  }
}

/** By which Flink finds the type wherever it meets an activity. */
private[behaviour] final class ActivityType extends TypeInfoFactory[Activity] {
  override def createTypeInfo(of: Type, parameters: util.Map[String, TypeInformation[_]]): TypeInformation[Activity] =
    Serializers.activities
}

/** What never changes is never copied. */
private[behaviour] abstract class ImmutableSerializer[T](version: Int) extends TypeSerializerSingleton[T] {
  protected def write(value: T, out: DataOutputView): Unit

  protected def read(in: DataInputView): T

  override def serialize(value: T, out: DataOutputView): Unit = {
    out.writeByte(version)
    write(value, out)
  }

  override def deserialize(in: DataInputView): T = {
    val found = in.readByte().toInt
    if (found != version) throw new IllegalStateException(s"state of version $found: $getClass reads version $version")
    read(in)
  }

  override def deserialize(reuse: T, in: DataInputView): T = deserialize(in)

  override def copy(from: T): T = from

  override def copy(from: T, reuse: T): T = from

  override def copy(in: DataInputView, out: DataOutputView): Unit = serialize(deserialize(in), out)

  override def createInstance(): T = null.asInstanceOf[T]

  override def isImmutableType: Boolean = true

  override def getLength: Int = -1
}

private[behaviour] final class ActivitySerializer extends ImmutableSerializer[Activity](1) {
  import Serializers._

  override protected def write(value: Activity, out: DataOutputView): Unit = {
    import value._
    words(out, Some(id), Some(tenant), Some(dataset), Some(realm), user, principal, account, host, address, country)
    out.writeLong(time)
    out.writeLong(ingested)
    Serializers.place(out, value.place)
    out.writeByte(deeds.size)
    deeds.foreach(deed(out, _))
  }

  /** Named arguments are evaluated as they are written: in the order of the bytes. */
  override protected def read(in: DataInputView): Activity =
    Activity(
      id = word(in).mkString,
      tenant = word(in).mkString,
      dataset = word(in).mkString,
      realm = word(in).mkString,
      user = word(in),
      principal = word(in),
      account = word(in),
      host = word(in),
      address = word(in),
      country = word(in),
      time = in.readLong(),
      ingested = in.readLong(),
      place = Serializers.place(in),
      deeds = List.fill(in.readByte().toInt)(deed(in))
    )

  override def snapshotConfiguration(): TypeSerializerSnapshot[Activity] = new ActivitySerializerSnapshot
}

final class ActivitySerializerSnapshot
    extends SimpleTypeSerializerSnapshot[Activity](() => new ActivitySerializer)

private[behaviour] final class WatchedSerializer extends ImmutableSerializer[Watched](1) {
  private val activities = new ActivitySerializer

  override protected def write(value: Watched, out: DataOutputView): Unit = {
    StringValue.writeString(value.key, out)
    activities.serialize(value.activity, out)
  }

  override protected def read(in: DataInputView): Watched = Watched(StringValue.readString(in), activities.deserialize(in))

  override def snapshotConfiguration(): TypeSerializerSnapshot[Watched] = new WatchedSerializerSnapshot
}

final class WatchedSerializerSnapshot extends SimpleTypeSerializerSnapshot[Watched](() => new WatchedSerializer)

private[behaviour] final class MarkSerializer extends ImmutableSerializer[Mark](1) {
  import Serializers._

  override protected def write(value: Mark, out: DataOutputView): Unit = {
    out.writeLong(value.time)
    out.writeLong(value.ingested)
    words(out, Some(value.event), Some(value.text))
    Serializers.place(out, value.place)
  }

  override protected def read(in: DataInputView): Mark =
    Mark(in.readLong(), in.readLong(), word(in).mkString, word(in).mkString, place(in))

  override def snapshotConfiguration(): TypeSerializerSnapshot[Mark] = new MarkSerializerSnapshot
}

final class MarkSerializerSnapshot extends SimpleTypeSerializerSnapshot[Mark](() => new MarkSerializer)

/** A type whose values are written by one serializer, and cannot be keys. */
private[behaviour] final class ImmutableType[T](of: Class[T], serializer: TypeSerializer[T]) extends TypeInformation[T] {
  override def isBasicType: Boolean = false
  override def isTupleType: Boolean = false
  override def getArity: Int = 1
  override def getTotalFields: Int = 1
  override def getTypeClass: Class[T] = of
  override def isKeyType: Boolean = false
  override def createSerializer(config: SerializerConfig): TypeSerializer[T] = serializer
  override def toString: String = of.getSimpleName
  override def hashCode: Int = of.hashCode
  override def canEqual(other: Any): Boolean = other.isInstanceOf[ImmutableType[_]]
  override def equals(other: Any): Boolean = other match {
    case that: ImmutableType[_] => that.getTypeClass == of
    case _ => false
  }
}
