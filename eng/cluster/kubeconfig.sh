# The kubeconfig that a person uses; sourced by cluster.sh.

# One file with the certificates in it: those of DIR are root's.
whole_kubeconfig() {
  inline() { base64 -w 0 <"$CLUSTER_DIR/pki/$1"; }
  cat <<YAML
apiVersion: v1
kind: Config
clusters:
- name: cpt-$NAME
  cluster: {server: "https://$NODE_ADDRESS:6443", certificate-authority-data: $(inline ca.crt)}
users:
- name: cpt-$NAME
  user: {client-certificate-data: $(inline admin.crt), client-key-data: $(inline admin.key)}
contexts:
- name: cpt-$NAME
  context: {cluster: cpt-$NAME, user: cpt-$NAME}
current-context: cpt-$NAME
YAML
}

# Of whoever called sudo.
person_home() { getent passwd "${SUDO_USER:-$(id -un)}" | cut -d: -f6; }

kubeconfig_file() {
  if [ -n "$KUBECONFIG_FILE" ]; then
    readlink -m "$KUBECONFIG_FILE"
  elif [ -s "$CLUSTER_DIR/kubeconfig-at" ]; then
    cat "$CLUSTER_DIR/kubeconfig-at"
  else
    echo "$(person_home)/.kube/cpt-$NAME.config"
  fi
}

# Nobody's own configuration is written over: a file that is there has to be of a cluster that was made here, under this name.
write_kubeconfig() {
  local file directory
  file=$(kubeconfig_file)
  directory=$(dirname "$file")
  if [ -s "$file" ] && ! grep -qx "current-context: cpt-$NAME" "$file"; then
    fail "" "$file is there already and is not of a cluster \"$NAME\"; --kubeconfig FILE writes to another place."
  fi
  if [ ! -d "$directory" ]; then
    mkdir -p "$directory"
    [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:$SUDO_GID" "$directory"
  fi
  (umask 077 && whole_kubeconfig >"$file.new")
  [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:$SUDO_GID" "$file.new"
  mv "$file.new" "$file"
  printf '%s\n' "$file" >"$CLUSTER_DIR/kubeconfig-at"
}

remove_kubeconfig() {
  local file
  file=$(cat "$CLUSTER_DIR/kubeconfig-at" 2>/dev/null) || return 0
  ! grep -qsx "current-context: cpt-$NAME" "$file" || rm -f "$file"
}
