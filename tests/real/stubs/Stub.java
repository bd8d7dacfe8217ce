import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Hashtable;
import java.util.List;
import java.util.Scanner;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/** Java, with the C library (InetAddress) and with its own resolver (JNDI): see stubs.sh. */
public class Stub {
    static List<String> ask(String kind, String name) throws Exception {
        List<String> said = new ArrayList<>();
        if (kind.equals("address")) {
            for (InetAddress one : InetAddress.getAllByName(name)) said.add(one.getHostAddress());
        } else if (kind.equals("PTR")) {
            said.add(InetAddress.getByName(name).getCanonicalHostName());
        } else {
            Hashtable<String, String> environment = new Hashtable<>();
            environment.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
            Attribute records = new InitialDirContext(environment).getAttributes("dns:///" + name, new String[] {kind}).get(kind);
            if (records == null) return List.of("no data");
            for (int at = 0; at < records.size(); at++) {
                String text = records.get(at).toString();
                said.add(kind.equals("TXT") ? String.valueOf(octets(text)) : text.replaceAll("\\.$", ""));
            }
        }
        Collections.sort(said);
        return said;
    }

    /** Strings that need it are quoted. */
    static int octets(String text) {
        return text.replace("\"", "").replace(" ", "").length();
    }

    public static void main(String[] arguments) {
        Scanner lines = new Scanner(System.in);
        while (lines.hasNext()) {
            String kind = lines.next(), name = lines.next(), said;
            try {
                said = String.join(" ", ask(kind, name));
            } catch (NameNotFoundException | UnknownHostException missing) {
                // InetAddress does not tell a failure from a name that does not exist.
                said = missing instanceof UnknownHostException && String.valueOf(missing.getMessage()).contains("emporary") ? "try again" : "not found";
            } catch (NamingException failed) {
                said = "try again";
            } catch (Exception failed) {
                said = failed.toString();
            }
            System.out.println(kind + " " + name + " " + said);
        }
    }
}
