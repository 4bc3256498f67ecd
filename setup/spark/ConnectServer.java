import java.io.FileReader;
import java.net.InetSocketAddress;
import java.util.Properties;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connect.service.SparkConnectService;
import org.sparkproject.connect.grpc.netty.NettyServerBuilder;

/**
 * Spark's Connect server, listening on one address only: the driver's. Spark 3.5's own main class,
 * org.apache.spark.sql.connect.service.SparkConnectServer, does the same but listens on every address of the
 * machine, and no setting changes that. This file is not compiled beforehand: Janino, the Java compiler that Spark
 * uses for queries, compiles it at startup.
 */
public class ConnectServer {
  /** The maximum size of a request, as in Spark's own server: 128 MB. */
  private static final int MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

  /** @param arguments the path of a settings file, as for spark-submit --properties-file */
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    settings.load(new FileReader(arguments[0]));
    for (Object name : settings.keySet()) {
      System.setProperty((String) name, settings.getProperty((String) name).trim());
    }
    SparkSession session = SparkSession.builder().getOrCreate();
    try {
      int port = Integer.parseInt(session.conf().get("spark.connect.grpc.binding.port"));
      NettyServerBuilder.forAddress(new InetSocketAddress(session.conf().get("spark.driver.host"), port))
          .maxInboundMessageSize(MAX_MESSAGE_BYTES)
          .addService(new SparkConnectService(false))
          .build()
          .start()
          .awaitTermination();
    } finally {
      session.stop();
    }
  }
}
