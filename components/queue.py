"""A queue, and where its messages end that cannot be processed."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.acknowledge import acknowledge
from components.at_rest import AtRest
from components.function import PipelineFunction
from components.key import allow_key

#: Receives before a message is given up; Lambda's guide asks for five at least, so that throttling alone gives up none
#: ("Configuring a queue to use with Lambda").
MOST_RECEIVES = 5
#: The longest there is (SQS developer guide, "Message quotas"): nothing is lost while nobody looks.
RETENTION = Duration.days(14)
#: Messages of one invocation: few files share the time of one.
BATCH = 10

#: For a function's `failures_go_to`.
QUEUE_FAILURES = "Its queue moves messages it gives up to a dead-letter queue, from which they can be moved back."


def visibility_seconds(timeout_seconds: int) -> int:
    """How long a message is hidden that is being processed: six times the function's timeout, as Lambda's guide asks for
    ("Configuring a queue to use with Lambda"), so that none is given to a second invocation that had to wait for the first."""
    return 6 * timeout_seconds


class FailingQueue(Construct):
    """A queue and its dead-letter queue, encrypted with the environment's key, TLS only. Buckets of the account may notify it."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, timeout_seconds: int, at_rest: AtRest) -> None:
        """`name` is the physical name; `timeout_seconds` is that of the function that reads it."""
        super().__init__(scope, construct_id)
        self._key = at_rest.key
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{name}-dlq",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=at_rest.key,
            enforce_ssl=True,
            retention_period=RETENTION,
            removal_policy=at_rest.removal_policy,
        )
        acknowledge(
            self.dead_letters,
            "Serverless-SQSRedrivePolicy",
            reason="It is where messages end; an alarm rings while there is one.",
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=at_rest.key,
            enforce_ssl=True,
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(visibility_seconds(timeout_seconds)),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MOST_RECEIVES),
            removal_policy=at_rest.removal_policy,
        )
        # By pattern: a bucket is made after the policy that lets it in, which so cannot name it.
        stack = Stack.of(self)
        buckets = {
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {"aws:SourceArn": f"arn:{stack.partition}:s3:::*"},
        }
        self.let_in("BucketsOfThisAccount", "s3.amazonaws.com", conditions=buckets)

    def let_in(self, sid: str | None, service: str, *, conditions: dict[str, dict[str, str]]) -> None:
        """Lets a service put messages into the queue. The key has to let it in, too."""
        _let_in(self.queue, sid, service, conditions)

    def let_give_up(self, service: str, *, conditions: dict[str, dict[str, str]]) -> None:
        """Lets a service leave among the dead letters what it could not put into the queue."""
        _let_in(self.dead_letters, None, service, conditions)

    def feed(self, function: PipelineFunction, *, concurrency: int) -> lambda_.EventSourceMapping:
        """Lets `function` read the queue, at most `concurrency` batches at once, and send messages to it."""
        role = function.role
        role.add_to_principal_policy(
            iam.PolicyStatement(
                # The last is for going on with what one invocation did not finish.
                actions=["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
                resources=[self.queue.queue_arn],
            )
        )
        allow_key(role, self._key, through="sqs", actions=["kms:Decrypt", "kms:GenerateDataKey"])
        mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=BATCH,
            # Only what failed comes again, not the whole batch.
            report_batch_item_failures=True,
            max_concurrency=concurrency,
        )
        acknowledge(
            mapping,
            "Serverless-LambdaEventSourceMappingDestination",
            reason="A mapping of a queue takes none: the queue's redrive policy decides where messages end.",
        )
        return mapping


def _let_in(queue: sqs.Queue, sid: str | None, service: str, conditions: dict[str, dict[str, str]]) -> None:
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            principals=[iam.ServicePrincipal(service)],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions=conditions,
        )
    )
