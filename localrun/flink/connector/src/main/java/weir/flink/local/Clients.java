package weir.flink.local;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFileSupplier;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.KinesisClientBuilder;
import software.amazon.awssdk.services.kinesis.model.KinesisException;
import software.amazon.awssdk.services.kinesis.model.KmsThrottlingException;
import software.amazon.awssdk.services.kinesis.model.LimitExceededException;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/** Clients of Kinesis, as a stream's property group has them. */
final class Clients {
    static final String ARN = "stream.arn";

    private static final String REGION = "aws.region";
    private static final String ENDPOINT = "aws.endpoint";
    private static final String PROVIDER = "aws.credentials.provider";
    private static final List<String> KEY =
            List.of("aws.credentials.provider.basic.accesskeyid", "aws.credentials.provider.basic.secretkey");
    private static final String PROFILE_FILE = "aws.credentials.provider.profile.path";
    private static final String PROFILE_NAME = "aws.credentials.provider.profile.name";

    private Clients() {}

    static KinesisClient of(PropertyGroup stream) {
        KinesisClientBuilder builder = KinesisClient.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .region(Region.of(stream.text(REGION)))
                .credentialsProvider(credentials(stream));
        stream.optional(ENDPOINT).ifPresent(endpoint -> {
            System.setProperty("aws.cborEnabled", "false"); // emulators speak JSON, and there is no option of a client for it
            builder.endpointOverride(URI.create(endpoint));
        });
        return builder.build();
    }

    private static AwsCredentialsProvider credentials(PropertyGroup stream) {
        String provider = stream.optional(PROVIDER).orElse("AUTO");
        return switch (provider) {
            case "AUTO" -> DefaultCredentialsProvider.builder().build();
            case "BASIC" -> StaticCredentialsProvider.create(
                    AwsBasicCredentials.create(stream.text(KEY.get(0)), stream.text(KEY.get(1))));
            // The file is read again when it changes: credentials of a role are renewed within the hour.
            case "PROFILE" -> ProfileCredentialsProvider.builder()
                    .profileFile(ProfileFileSupplier.reloadWhenModified(
                            Path.of(stream.text(PROFILE_FILE)), software.amazon.awssdk.profiles.ProfileFile.Type.CREDENTIALS))
                    .profileName(stream.text(PROFILE_NAME))
                    .build();
            default -> throw new ConfigurationException("property group '" + stream.name() + "': " + PROVIDER + " is '"
                    + provider + "', not AUTO, BASIC or PROFILE");
        };
    }

    /**
     * Whether the service does not do it, and no later attempt finds it otherwise: it does not exist, or is not permitted, which
     * has the status 400 on AWS and 403 in an emulator. A service that cannot be reached may be there again.
     */
    static boolean refuses(Throwable error) {
        return error instanceof KinesisException answer
                && answer.statusCode() / 100 == 4
                && !answer.isThrottlingException()
                && !(answer instanceof LimitExceededException || answer instanceof KmsThrottlingException);
    }

    /** The name in {@code stream.arn}. */
    static String name(PropertyGroup stream) {
        String arn = stream.text(ARN);
        int slash = arn.indexOf('/');
        if (!arn.startsWith("arn:") || slash < 0) {
            throw new ConfigurationException(
                    "property group '" + stream.name() + "': " + ARN + " is '" + arn + "', not the ARN of a stream");
        }
        return arn.substring(slash + 1);
    }
}
