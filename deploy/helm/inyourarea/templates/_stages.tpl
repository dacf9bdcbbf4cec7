{{/*
What the chart knows of each service that is not the operator's to choose; tests/chart holds it to the
program. `groups`: its consumer groups and the topics that they wait for, as KEDA asks for them.
`asked`: others ask it over gRPC. `store`, `kafka`, `catalog`: which servers it reaches.
*/}}
{{- define "inyourarea.stages" -}}
ingest:
  groups:
    ingest: [video.accepted, segment.cut.urgent, segment.cut.bulk, segment.detected]
  asked: true
  priority: people
detect:
  groups:
    detect: [frames.extracted.urgent, frames.extracted.bulk]
  priority: queue
track:
  groups:
    track: [segment.detected]
  asked: true
  priority: people
render:
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

{{/* Partitions of every topic that is worked on: no more copies than that have work. */}}
{{- define "inyourarea.partitions" -}}12{{- end }}

{{/* Where every service answers health and questions, and tells metrics. */}}
{{- define "inyourarea.grpcPort" -}}50051{{- end }}
{{- define "inyourarea.metricsPort" -}}9100{{- end }}

{{/*
Seconds that a service has to end: a question 30, then the longest unit 900 (runtime/service.py), and
some for the connections.
*/}}
{{- define "inyourarea.graceS" -}}960{{- end }}
