"""What a request leaves behind: an application log, a load balancer's access log line, and a flow log record.

The five services log as five common logging libraries do, so that the same fact has five names. No value holds a character that
JSON or an access log would have to escape.
"""

from __future__ import annotations

from producers.generator.clock import Moment
from producers.generator.requests import Request
from producers.generator.world import ACCOUNT, REGION

#: time, level, service, message, trace, and then what is common to all.
_POWERTOOLS = (
    '{"level":"%(level)s","location":"handle:87","message":"%(message)s","timestamp":"%(iso)s","service":"%(service)s",'
    '"xray_trace_id":"%(trace)s","http_status":%(status)d,"latency_ms":%(ms).1f,"user":"%(user)s","source_ip":"%(client)s",'
    '"version":"%(version)s","region":"' + REGION + '","cold_start":false,"function_request_id":"%(span)s"}'
)
_ECS = (
    '{"@timestamp":"%(iso)s","log.level":"%(lower)s","message":"%(message)s","ecs.version":"8.11.0",'
    '"service.name":"%(service)s","service.version":"%(version)s","trace.id":"%(trace)s","span.id":"%(span)s",'
    '"http.response.status_code":%(status)d,"duration_ms":%(ms).1f,"user.name":"%(user)s","source.ip":"%(client)s",'
    '"event.dataset":"%(service)s.requests","cloud.region":"' + REGION + '"}'
)
_PINO = (
    '{"level":%(number)d,"time":%(epoch_ms)d,"pid":17,"hostname":"%(service)s-7c9f","msg":"%(message)s","service":"%(service)s",'
    '"traceId":"%(trace)s","spanId":"%(span)s","statusCode":%(status)d,"duration_ms":%(ms).1f,"username":"%(user)s",'
    '"remote_addr":"%(client)s","build":"%(version)s","region":"' + REGION + '"}'
)
_ZAP = (
    '{"level":"%(lower)s","ts":%(epoch).3f,"logger":"http","caller":"server/handler.go:142","msg":"%(message)s",'
    '"service":"%(service)s","trace_id":"%(trace)s","span_id":"%(span)s","status":%(status)d,"elapsed_ms":%(ms).1f,'
    '"user":"%(user)s","client_ip":"%(client)s","version":"%(version)s","region":"' + REGION + '"}'
)
_LOGBACK = (
    '{"@timestamp":"%(iso)s","@version":"1","message":"%(message)s","logger_name":"shop.Requests","thread_name":"http-nio-8080",'
    '"level":"%(level)s","level_value":20000,"service":"%(service)s","traceId":"%(trace)s","spanId":"%(span)s",'
    '"status":%(status)d,"elapsed_ms":%(ms).1f,"user_name":"%(user)s","client_ip":"%(client)s","version":"%(version)s"}'
)
_FORMATS = {"catalogue": _ECS, "checkout": _POWERTOOLS, "login": _LOGBACK, "payments": _PINO, "shipping": _ZAP}

#: Level by the hundreds of the status; in words, in small letters, and as pino counts.
_LEVELS = {4: ("WARN", "warn", 40), 5: ("ERROR", "error", 50)}
_INFO = ("INFO", "info", 30)


def application(request: Request, moment: Moment, message: str | None = None) -> str:
    """The service's own log of a request."""
    service = request.service
    level, lower, number = _LEVELS.get(request.status // 100, _INFO)
    return _FORMATS[service.name] % {
        "iso": moment.iso_milliseconds,
        "epoch": moment.epoch,
        "epoch_ms": moment.milliseconds,
        "level": level,
        "lower": lower,
        "number": number,
        "message": message or f"{request.method} {request.path} answered {request.status}",
        "service": service.name,
        "version": service.version,
        "trace": request.trace,
        "span": request.trace[16:],
        "status": request.status,
        "ms": request.milliseconds,
        "user": request.user,
        "client": request.client,
    }


_ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/"
_ACCESS = (
    "h2 %s app/shop/50dc6c495c0c9188 %s:%d %s:%d 0.000 %.3f 0.000 %d %d %d %d "
    '"%s https://shop.example.com:443%s HTTP/2.0" "%s" TLS_AES_128_GCM_SHA256 TLSv1.3 ' + _ARN + "%s/943f017f100becff "
    '"Root=1-%s-%s" "shop.example.com" "-" 1 %s "forward" "-" "-" "%s:%d" "%d" "-" "-" TID_%s "-" "-" "-"'
)


def load_balancer(request: Request, moment: Moment) -> str:
    """The load balancer's line about a request."""
    service, trace, status = request.service, request.trace, request.status
    return _ACCESS % (
        moment.iso_microseconds, request.client, request.port, service.address, service.port, request.milliseconds / 1_000,
        status, status, 300 + request.port % 500, 500 + request.port % 9_000, request.method, request.path, request.agent,
        service.name, trace[:8], trace[8:], moment.iso_microseconds, service.address, service.port, status, trace,
    )  # fmt: skip


def flow(request: Request, moment: Moment) -> str:
    """The network's record of a request's connection, over the ten seconds up to now."""
    service, size = request.service, request.port
    return (
        f"2 {ACCOUNT} {service.interface} {request.client} {service.address} {size} {service.port} 6 "
        f"{4 + size % 40} {600 + size} {moment.seconds - 10} {moment.seconds} ACCEPT OK"
    )


def rejected_flow(scanner: str, port: int, request: Request, moment: Moment) -> str:
    """A packet nobody let in."""
    service = request.service
    return (
        f"2 {ACCOUNT} {service.interface} {scanner} {service.address} {request.port} {port} 6 1 44 "
        f"{moment.seconds - 10} {moment.seconds} REJECT OK"
    )
