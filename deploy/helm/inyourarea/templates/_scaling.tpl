{{/* How fast copies come and go: up at once by as many again, down a fifth at a time after calm. */}}
{{- define "inyourarea.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies: [{type: Percent, value: 100, periodSeconds: 15}, {type: Pods, value: 2, periodSeconds: 15}]
scaleDown:
  stabilizationWindowSeconds: 120
  policies: [{type: Percent, value: 20, periodSeconds: 30}, {type: Pods, value: 1, periodSeconds: 30}]
{{- end }}

{{/*
A ScaledObject of the part's Deployment by what waits in Kafka for its `groups`: a trigger for each
topic, since a group that was never there yet is known by its topics only. `most`: copies at most.
*/}}
{{- define "inyourarea.scaledObject" -}}
{{- $values := .root.Values -}}
{{- $full := include "inyourarea.name" . -}}
{{- $isAuthenticated := and (eq $values.kafka.protocol "SASL_SSL") (not $values.dev.enabled) -}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ $full }}
  labels: {{- include "inyourarea.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {name: {{ $full }}}
  minReplicaCount: {{ int .own.least }}
  maxReplicaCount: {{ int .most }}
  pollingInterval: {{ int $values.scaling.pollS }}
  cooldownPeriod: {{ int .idleS }}
  {{- if and $values.scaling.fallback .groups }}
  fallback:
    failureThreshold: 6
    replicas: {{ max 1 (int .own.least) }}
    behavior: currentReplicasIfHigher
  {{- end }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- include "inyourarea.behavior" . | nindent 8 }}
  triggers:
    {{- range $group, $topics := .groups }}
    {{- range $topic := $topics }}
    - type: kafka
      metadata:
        bootstrapServers: {{ include "inyourarea.kafkaServers" $.root | quote }}
        consumerGroup: {{ $group }}
        topic: {{ $topic }}
        lagThreshold: {{ int $.own.lag | quote }}
        activationLagThreshold: "0"
        offsetResetPolicy: earliest
        allowIdleConsumers: "false"
        {{- if $isAuthenticated }}
        sasl: {{ get (dict "SCRAM-SHA-512" "scram_sha512" "SCRAM-SHA-256" "scram_sha256" "PLAIN" "plaintext") $values.kafka.mechanism }}
        tls: enable
      authenticationRef: {name: {{ include "inyourarea.name" (dict "root" $.root "name" "kafka") }}}
        {{- end }}
    {{- end }}
    {{- end }}
    {{- if .isSite }}
    - type: cpu
      metricType: Utilization
      metadata: {value: {{ int $values.scaling.cpuPercent | quote }}}
    {{- end }}
    {{- with $values.scaling.prometheus }}
    {{- if $.isSite }}
    - type: prometheus
      metadata:
        serverAddress: {{ . }}
        query: sum(inyourarea_open_streams{namespace={{ $.root.Release.Namespace | quote }}})
        threshold: {{ int $.streams | quote }}
    {{- end }}
    {{- if or (eq $.name "detect") (eq $.name "triton") }}
    {{- if and $values.triton.enabled }}
    - type: prometheus
      metadata:
        serverAddress: {{ . }}
        # Milliseconds that a request queued in Triton, of late.
        query: >-
          1e-3 * sum(rate(nv_inference_queue_duration_us{namespace={{ $.root.Release.Namespace | quote }}}[1m]))
          / clamp_min(sum(rate(nv_inference_request_success{namespace={{ $.root.Release.Namespace | quote }}}[1m])), 0.001)
        threshold: {{ int $values.triton.queueMs | quote }}
        # Not from zero: nobody queues where nobody serves.
        activationThreshold: "1000000"
      metricType: Value
    {{- end }}
    {{- end }}
    {{- end }}
{{- end }}
