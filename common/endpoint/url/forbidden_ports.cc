#include "common/endpoint/url/forbidden_ports.h"

#include <bitset>

namespace ftl {
namespace {

constexpr uint16_t kPorts[] = {
    // The Fetch standard's block list (https://fetch.spec.whatwg.org/#port-blocking), with 0, 4190 and 6679 of 2024.
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    // Databases: SQL Server, Oracle, Derby, Firebird, MySQL, PostgreSQL and its kin, Redshift, CouchDB, Qdrant, Redis,
    // Cassandra, Neo4j, InfluxDB, Couchbase, ClickHouse, ArangoDB, Elasticsearch, Memcached, Milvus, CockroachDB,
    // MongoDB, RethinkDB, Db2, Solr, MaxDB, OrientDB, Hazelcast, Ignite, Infinispan, Hive, Graphite.
    1433, 1434, 1521, 1522, 2484, 1527, 3050, 3306, 33060, 5432, 5433, 6432, 5439, 5984, 6984, 6333, 6334, 6379, 6380,
    16379, 26379, 7000, 7001, 7199, 9042, 9142, 9160, 7473, 7474, 7687, 8086, 8091, 11207, 11210, 8123, 8529, 9200,
    9300, 11211, 19530, 26257, 27017, 27018, 27019, 28017, 28015, 29015, 50000, 8983, 1830, 7210, 2424, 2480, 5701,
    10800, 11222, 9083, 9440, 2003, 2004,
    // Brokers: RabbitMQ and Erlang, Kafka, MQTT, NATS, ActiveMQ and STOMP, ZooKeeper, Pulsar, Beanstalk, NSQ, RocketMQ,
    // IBM MQ,
    // Artemis, Redpanda, Fluentd, Graylog.
    4369, 5671, 5672, 15671, 15672, 25672, 9092, 9093, 9094, 1883, 8883, 4222, 6222, 8222, 8161, 61613, 61614, 61616,
    2181, 2182, 2888, 3888, 6650, 6651, 11300, 4150, 4151, 4160, 4161, 9876, 10911, 1414, 5445, 9644, 15674, 15675,
    24224, 12201,
    // Control planes and remote hands: Docker and Swarm, etcd, Kubernetes, Consul, Vault, Nomad, SMB, RDP, VNC, WinRM,
    // rsync, RMI, IPMI, libvirt, SaltStack, Puppet, Hadoop, NFS locks, Kerberos, LDAP catalogues, printers,
    // proxies, iSCSI, debuggers, routers, version control, Spark, overlay networks.
    2375, 2376, 2377, 7946, 2379, 2380, 4001, 6443, 16443, 10248, 10249, 10250, 10255, 10256, 10257, 10259, 8300, 8301,
    8302, 8500, 8501, 8502, 8503, 8600, 8200, 8201, 4646, 4647, 4648, 445, 3389, 5900, 5901, 5985, 5986, 873, 1099, 623,
    16509, 16514, 4505, 4506, 8140, 8020, 9870, 50070, 138, 10251, 10252, 10253, 10254, 10258, 4194, 4243, 6444, 9323,
    9345, 88, 464, 749, 3268, 3269, 631, 1080, 3128, 9050, 9051, 3260, 5037, 9222, 9229, 8291, 8728, 3690, 9418, 7077,
    6066, 1098, 4848, 4789, 8472, 6783, 6784};

// One bit a port: a look-up is one load, and the table can be read in any order.
const std::bitset<65536>& Forbidden() {
  static const auto* const bits = [] {
    auto* made = new std::bitset<65536>;
    for (const uint16_t port : kPorts) made->set(port);
    return made;
  }();
  return *bits;
}

}  // namespace

bool IsForbiddenPort(uint16_t port) { return Forbidden()[port]; }

}  // namespace ftl
