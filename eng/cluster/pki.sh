#!/usr/bin/env bash
# pki.sh DIR ADDRESS PORT [SERVICE-ADDRESS]: a CA, the certificates and the kubeconfigs of one cluster, in DIR/pki and DIR/*.kubeconfig.
# Elliptic keys: all of it takes half a second.
set -euo pipefail
DIR=$1 ADDRESS=$2 PORT=$3 SERVICE_ADDRESS=${4:-$2}
[ ! -s "$DIR/admin.kubeconfig" ] || exit 0
mkdir -p "$DIR/pki"
cd "$DIR/pki"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# certificate NAME SUBJECT USAGE [ALTERNATIVE-NAMES]
certificate() {
  key "$1"
  {
    echo "keyUsage=critical,digitalSignature"
    echo "extendedKeyUsage=$3"
    [ -z "${4:-}" ] || echo "subjectAltName=$4"
  } >"$1.ext"
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -sha256 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  rm "$1.ext"
}

kubeconfig() {
  cat >"$DIR/$1.kubeconfig" <<END
apiVersion: v1
kind: Config
clusters:
- name: test
  cluster: {server: "https://$ADDRESS:$PORT", certificate-authority: pki/ca.crt}
users:
- name: $1
  user: {client-certificate: pki/$1.crt, client-key: pki/$1.key}
contexts:
- name: test
  context: {cluster: test, user: $1}
current-context: test
END
}

key ca
openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj /CN=cpt-test-ca -out ca.crt \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
certificate apiserver /CN=kube-apiserver serverAuth "$names,IP:127.0.0.1,IP:$ADDRESS,IP:$SERVICE_ADDRESS"
certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
certificate kubelet-serving /O=system:nodes/CN=system:node:node serverAuth "DNS:localhost,IP:127.0.0.1,IP:$ADDRESS"
for component in kube-controller-manager kube-scheduler kube-proxy; do
  certificate $component /CN=system:$component clientAuth
done
certificate kubelet /O=system:nodes/CN=system:node:node clientAuth
certificate admin /O=system:masters/CN=admin clientAuth
key service-accounts
openssl ec -in service-accounts.key -pubout -out service-accounts.pub 2>/dev/null
for component in kube-controller-manager kube-scheduler kube-proxy kubelet admin; do kubeconfig $component; done
