package weir.flink.sql;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.profiles.ProfileFileSupplier;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import weir.flink.streams.PropertyGroup;

/** The client of DynamoDB, with the same options as the connector of streams has. */
final class DynamoDb {
    private DynamoDb() {}

    static DynamoDbClient client(PropertyGroup group) {
        DynamoDbClientBuilder builder = DynamoDbClient.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .region(Region.of(group.text("aws.region")))
                .credentialsProvider(credentials(group));
        group.optional("aws.endpoint").map(URI::create).ifPresent(builder::endpointOverride);
        return builder.build();
    }

    private static AwsCredentialsProvider credentials(PropertyGroup group) {
        if (!group.optional("aws.credentials.provider").equals(Optional.of("PROFILE"))) {
            return DefaultCredentialsProvider.builder().build();
        }
        return ProfileCredentialsProvider.builder()
                // The file is written again when the session of the role is renewed.
                .profileFile(ProfileFileSupplier.reloadWhenModified(
                        Path.of(group.text("aws.credentials.provider.profile.path")), ProfileFile.Type.CREDENTIALS))
                .profileName(group.text("aws.credentials.provider.profile.name"))
                .build();
    }
}
