{{/*
What the chart knows of each service that is not the operator's to choose; tests/chart holds it to the
program. `groups`: its consumer groups and the topics that they wait for, as KEDA asks for them.
`asked`: others ask it over gRPC. `fansOut`: it works on segments, whose topics have lanes.
*/}}
{{- define "inyourarea.stages" -}}
ingest:
  fansOut: true
  groups:
    ingest: [video.accepted, segment.cut.urgent, segment.cut.bulk, segment.detected]
  asked: true
  priority: people
detect:
  fansOut: true
  groups:
    detect: [frames.extracted.urgent, frames.extracted.bulk]
  priority: queue
track:
  groups:
    track: [segment.detected]
  asked: true
  priority: people
render:
  fansOut: true
  groups:
    render: [camera.planned.urgent, camera.planned.bulk, segment.rendered, audio.ready]
    rendition:
      - segment.cut.urgent
      - segment.cut.bulk
      - stage.drawn
      - audio.ready
      - segment.rendered
      - fancams.published
      - tracks.completed
  priority: queue
gateway:
  groups: {}
  priority: people
{{- end }}

{{/* Partitions of the topics whose facts are of whole videos; a test holds it to contracts/topics.py. */}}
{{- define "inyourarea.videoPartitions" -}}12{{- end }}

{{/* Partitions of each lane, as topics are made. */}}
{{- define "inyourarea.lanePartitions" -}}
{{- int (ternary .Values.dev.kafka.lanePartitions .Values.kafka.lanePartitions .Values.dev.enabled) -}}
{{- end }}

{{/* Most copies of a stage that have work: as many as its topics have partitions. */}}
{{- define "inyourarea.partitions" -}}
{{- $known := get (include "inyourarea.stages" .root | fromYaml) .name -}}
{{- ternary (include "inyourarea.lanePartitions" .root) (include "inyourarea.videoPartitions" .root) (get $known "fansOut" | default false) -}}
{{- end }}

{{/* Most copies of a stage. The chart's own Kafka is small, so there they are fewer without a word. */}}
{{- define "inyourarea.most" -}}
{{- $most := int (get .root.Values.stages .name).most -}}
{{- ternary (min $most (include "inyourarea.partitions" . | int)) $most .root.Values.dev.enabled -}}
{{- end }}

{{/* Where every service answers health and questions, and tells metrics. */}}
{{- define "inyourarea.grpcPort" -}}50051{{- end }}
{{- define "inyourarea.metricsPort" -}}9100{{- end }}

{{/*
Seconds that a service has to end: a question 30, then the longest unit 900 (runtime/service.py), and
some for the connections.
*/}}
{{- define "inyourarea.graceS" -}}960{{- end }}
