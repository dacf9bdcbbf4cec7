{{/* What every pod of ours has: the restricted Pod Security Standard, and no token. */}}

{{- define "inyourarea.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user | default 10001 }}
  runAsGroup: {{ .user | default 10001 }}
  fsGroup: {{ .user | default 10001 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - {name: {{ . }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "inyourarea.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* What a container of ours asks for: `asked`, or with dev servers what fits on one small machine. */}}
{{- define "inyourarea.resources" -}}
{{- $dev := .root.Values.dev -}}
requests: {{ ternary $dev.requests .asked.requests $dev.enabled | toJson }}
{{- with .asked.limits }}
limits: {{ toJson . }}
{{- end }}
{{- end }}

{{/* And of something that may have GPUs, which Kubernetes gives by a limit. */}}
{{- define "inyourarea.resourcesWithGpus" -}}
{{- with .resources.requests }}
requests: {{ toJson . }}
{{- end }}
{{- with merge (ternary (dict "nvidia.com/gpu" (int .gpus)) dict (gt (int .gpus) 0)) (.resources.limits | default dict) }}
limits: {{ toJson . }}
{{- end }}
{{- end }}

{{/* A copy of the program that can be written, less what it was compiled to, which Python would believe. */}}
{{- define "inyourarea.codeCopied" -}}
- name: code
  image: {{ include "inyourarea.image" . | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command:
    - python3
    - -c
    - "import shutil as s; s.copytree('/app/inyourarea', '/code/inyourarea', ignore=s.ignore_patterns('__pycache__'), dirs_exist_ok=True)"
  resources: {{- include "inyourarea.resources" (dict "root" .root "asked" .asked) | nindent 4 }}
  {{- include "inyourarea.containerSecurity" . | nindent 2 }}
  volumeMounts: [{name: code, mountPath: /code}]
{{- end }}

{{/*
A service that begins anew within its container when it ends: the kubelet would wait twice as long after
each change, up to five minutes.
*/}}
{{- define "inyourarea.beginsAnew" -}}
- python3
- -c
- |
  import signal, subprocess, sys, time

  told = []
  signal.signal(signal.SIGTERM, lambda *_: told.append(1))
  while not told:
      service = subprocess.Popen([sys.executable, "-m", sys.argv[1]])
      while service.poll() is None and not told:
          time.sleep(0.2)
      if told:
          service.terminate()
      service.wait()
      time.sleep(1)
- inyourarea.{{ .name }}
{{- end }}

{{/* Which nodes pods may go to: `own` says more than `defaults`. */}}
{{- define "inyourarea.nodes" -}}
{{- $defaults := .root.Values.defaults -}}
{{- $own := .own | default dict -}}
{{- with $own.nodeSelector | default $defaults.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with $own.tolerations | default $defaults.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- end }}

{{/* And which of them rather, and before whom. */}}
{{- define "inyourarea.placement" -}}
{{- include "inyourarea.nodes" . }}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "inyourarea.selector" $ | nindent 8 }}
{{- end }}
{{- if .root.Values.priorityClasses.create }}
priorityClassName: {{ include "inyourarea.priority" (dict "root" .root "name" .priority) }}
{{- end }}
{{- end }}
